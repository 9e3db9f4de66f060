import type { Act, Take } from "../../play/program/act.ts";
import { learningRuns, passActs } from "../../play/program/pass.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import { splitPieces } from "../../plan/storage.ts";
import { loadActs } from "../acts.ts";
import type { Cut } from "../cuts.ts";
import { Cutter } from "../cuts.ts";
import { withExchanges } from "../exchanges.ts";
import type { RankAnswer, RankQuestion } from "../engine.ts";
import { reenters } from "../blocks/stacks.ts";
import { whenOf } from "./buckets.ts";
import {
  answerOf,
  BACKWARD_END,
  flag,
  flatStates,
  flatTemporaries,
  flatTrained,
  free,
  implementationIn,
  kernelFlags,
  LOAD,
  STEP,
  take,
  tensor,
  transient,
} from "./common.ts";
import { gathersOf } from "./gathers.ts";
import { GradientBucket } from "./gradient_bucket.ts";
import { offloadedParameters } from "./host.ts";
import { elementsInOrder } from "./parameters.ts";
import { zeroSettings } from "./settings.ts";

/**
 * ZeRO 3: each parameter is partitioned, gathered around the modules that have it,
 * and stepped in sub-groups of partitions.
 *
 * Source: deepspeed/runtime/zero/stage3.py, DeepSpeedZeroOptimizer_Stage3
 */
export function playStage3(question: RankQuestion): RankAnswer {
  const { scenario, plan, mesh, rule } = question;
  const { inventory, model } = plan;
  const settings = zeroSettings(scenario, model);
  const ranks = mesh.dp * mesh.cp;
  const items = inventory.items.filter(({ trains }) => trains);
  const dtype = items[0]?.dtype ?? "bf16";
  // Gradients are reduced and accumulate in the model's type, whatever the adapters'.
  const reduced = plan.scenario.precision.weights;
  const accumulates = settings.accumulates ?? reduced;
  const parts = elementsInOrder(items).map((each) => Math.ceil(each / ranks));
  const total = parts.reduce((sum, each) => sum + each, 0);
  const groups = subGroupsOf(parts, settings.subGroup);
  const { offload_optimizer, offload_parameters } = scenario.engine;
  const offloads = offload_optimizer !== "none";
  const implementation = implementationIn(question);
  const steppedIn = (sizes: readonly number[]) => ({
    rule,
    implementation,
    trained: offloads ? [] : sizes.map((size) => flatTrained(size)),
  });
  const stepped = steppedIn(groups.map(({ size }) => size));

  const times = scenario.train.gradient_accumulation;
  const pass = question.record({
    accumulation: "add",
    // deepspeed/runtime/zero/linear.py, LinearFunctionForZeroStage3
    savesInputs: true,
  });
  const played = passActs(pass);
  const cutter = new Cutter();
  const gathers = gathersOf(learningRuns(played), {
    ...settings,
    ranks,
    type: model.architecture.type,
    checkpointing: scenario.train.checkpointing,
    times,
    tiles: plan.facts.tiles,
    packedIn: reduced,
    reenters: reenters(plan),
  }, cutter);
  const buckets = new GradientBucket(
    settings.reduceBucket,
    settings.contiguous,
    { dtype, reduces: settings.reduces ?? dtype },
    ranks,
    offloads,
    times,
    settings.overlaps,
  );
  const woven = played.acts.flatMap((run): Act[] =>
    cutter.cut(
      run,
      merged(
        gathers.cuts.get(run) ?? [],
        cutter.gradients(run).map(({ parameter, at }) => ({
          at,
          acts: buckets.add(parameter, whenOf(run)),
        })),
      ),
    )
  );
  const norms = normsOf(offloads ? parts.length : 0);
  return answerOf(question, {
    load: [
      ...(offload_parameters === "none"
        ? partitionActs(question, ranks, reduced)
        : loadActs({ ...inventory, items: [] })),
      ...(offload_parameters === "none" && total > 0
        ? [take(
          tensor("weights", "partitions of parameters", total, dtype),
          LOAD,
        )]
        : []),
      ...(offloads ? [] : [
        ...groups.map(({ size }) =>
          take(
            tensor("master weights", "partition in fp32", size, "fp32"),
            LOAD,
          )
        ),
        take(
          tensor("gradients", "partitions of gradients", total, accumulates),
          LOAD,
        ),
        take(flag("overflow flag of ZeRO"), LOAD),
      ]),
      ...(settings.contiguous
        ? [take(
          tensor(
            "communication buffers",
            "buckets of gradients",
            settings.reduceBucket,
            settings.reduces ?? reduced,
          ),
          LOAD,
        )]
        : []),
      ...kernelFlags(question, !offloads),
    ],
    kept: gathers.persistent.map((buffer): Take =>
      take(buffer, { phase: "forward", at: "embeddings" })
    ),
    states: flatStates(question, stepped),
    step: [
      ...withExchanges(woven, () => times),
      ...buckets.reduce(BACKWARD_END),
      ...gathers.end,
      ...norms.map((buffer) => take(buffer, BACKWARD_END)),
      ...norms.map((buffer) => free(buffer, STEP)),
      // Even what stays whole is partitioned while its parts are stepped.
      ...gathers.persistent.map((buffer) => free(buffer, STEP)),
      ...(offloads ? [] : [
        ...transient([
          tensor(
            "optimizer temporaries",
            "gradients in fp64, for their norm",
            Math.max(0, ...parts),
            "fp64",
          ),
        ], STEP),
        ...groups.flatMap((group) =>
          subGroupStep(
            group,
            accumulates,
            flatTemporaries(question, steppedIn([group.size])),
          )
        ),
      ]),
      ...gathers.persistent.map((buffer) => take(buffer, STEP)),
      ...gathers.updated,
    ],
    passes: [played],
    stepped,
    hostBytes: pass.hostBytes,
    ...(offloads || offload_parameters !== "none"
      ? { host: offloadedParameters(question, groups, dtype) }
      : {}),
  });
}

/** Two lists of cuts as one; of those at one place, the first list's first. */
function merged(a: readonly Cut[], b: readonly Cut[]): readonly Cut[] {
  if (b.length === 0) return a;
  const all: Cut[] = [];
  let next = 0;
  for (const cut of a) {
    for (let other = b[next]; other && other.at < cut.at; other = b[++next]) {
      all.push(other);
    }
    all.push(cut);
  }
  return all.concat(b.slice(next));
}

/** Partitions that are stepped at once. */
export interface SubGroup {
  /** Elements of a rank. */
  readonly size: number;
  /** How many parameters they are of. */
  readonly parameters: number;
}

/** Source: deepspeed/runtime/zero/stage3.py, _create_fp16_sub_groups */
function subGroupsOf(parts: readonly number[], limit: number): SubGroup[] {
  const groups: SubGroup[] = [];
  let size = 0;
  let parameters = 0;
  for (const part of parts) {
    size += part;
    parameters++;
    if (size < limit) continue;
    groups.push({ size, parameters });
    size = parameters = 0;
  }
  return parameters > 0 ? [...groups, { size, parameters }] : groups;
}

/** What stands of frozen parameters: each one's partition is a tensor of its own. */
function partitionActs(
  { plan: { inventory } }: RankQuestion,
  ranks: number,
  packedIn: Dtype,
): Take[] {
  const known = new Map<string, readonly number[]>();
  return loadActs({
    ...inventory,
    items: inventory.items.filter(({ trains }) => !trains).map((item) => {
      // Statistics of packed weights are no parameters.
      const { matrices, beside } = item.dtype === "uint8"
        ? splitPieces(item)
        : { matrices: item.pieces, beside: [] };
      const width = DTYPE_BYTES[item.dtype === "uint8" ? packedIn : item.dtype];
      const pieces = [
        ...matrices.map((bytes) => Math.ceil(bytes / width / ranks) * width),
        ...beside,
      ];
      const key = pieces.join(" ");
      const same = known.get(key) ?? pieces;
      known.set(key, same);
      return { ...item, pieces: same };
    }),
  });
}

/** A sub-group's gradients become one fp32 tensor, which the optimizer steps with. */
function subGroupStep(
  { size, parameters }: SubGroup,
  accumulates: Dtype,
  temporaries: readonly Act[],
): Act[] {
  const label = "gradients of a sub-group";
  const flat = tensor("gradients", label, size, accumulates);
  const wide = tensor("gradients", `${label} in fp32`, size, "fp32");
  const flattens = parameters > 1;
  const casts = accumulates !== "fp32";
  const stands = casts ? [wide] : flattens ? [flat] : [];
  return [
    ...(flattens ? [take(flat, STEP)] : []),
    ...(casts ? [take(wide, STEP)] : []),
    ...(flattens && casts ? [free(flat, STEP)] : []),
    ...temporaries,
    ...stands.map((buffer) => free(buffer, STEP)),
  ];
}

/**
 * The norm of each gradient that goes to the host waits for the step.
 *
 * Source: deepspeed/runtime/zero/stage3.py, _offload_grad_partition_at_boundary
 */
function normsOf(parameters: number): Buffer[] {
  return parameters === 0 ? [] : [
    bufferOf(
      "norms of gradients",
      [{ group: NORMS, bytes: roundedBytes(4) }],
      parameters,
    ),
  ];
}

const NORMS = {
  part: "optimizer temporaries",
  label: "norms of gradients",
  count: 1,
  elements: null,
} as const;
