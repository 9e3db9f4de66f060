import type { Act, Run } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { PassActs } from "../../play/program/pass.ts";
import { passActs } from "../../play/program/pass.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { loadActs } from "../acts.ts";
import { Cutter } from "../cuts.ts";
import { microBatchesBy, withExchanges } from "../exchanges.ts";
import type { RankAnswer, RankQuestion } from "../engine.ts";
import { Buckets, Gradients, whenOf } from "./buckets.ts";
import {
  answerOf,
  BACKWARD_END,
  exchange,
  flatStates,
  flatTemporaries,
  flatTrained,
  free,
  implementationIn,
  kernelFlags,
  LOAD,
  STEP,
  STEP_ASKED,
  take,
  tensor,
  transient,
  UPDATED,
} from "./common.ts";
import { offloadedPartition } from "./host.ts";
import type { Partition } from "./parameters.ts";
import { elementsInOrder, partitionsOf } from "./parameters.ts";
import { zeroSettings } from "./settings.ts";

/**
 * ZeRO 1 and 2: every rank has the whole weights in a flat tensor, and steps its
 * partition of them in fp32.
 *
 * Source: deepspeed/runtime/zero/stage_1_and_2.py, DeepSpeedZeroOptimizer
 */
export function playStage12(question: RankQuestion): RankAnswer {
  const { scenario, plan, mesh, rule } = question;
  const { inventory, model } = plan;
  const settings = zeroSettings(scenario, model);
  const ranks = mesh.dp * mesh.cp;
  const items = inventory.items.filter(({ trains }) => trains);
  const dtype = items[0]?.dtype ?? "bf16";
  const elements = elementsInOrder(items);
  const total = elements.reduce((sum, each) => sum + each, 0);
  const accumulates = settings.accumulates ?? dtype;
  // Then a flat tensor of its own accumulates them over micro-batches.
  const isFlat = accumulates !== dtype;
  const own = ownPartition(
    partitionsOf(elements, ranks, settings.roundRobin),
    scenario.parallel.rank,
    isFlat,
  );
  const offloads = scenario.engine.offload_optimizer !== "none";
  const stepped = {
    rule,
    implementation: implementationIn(question),
    trained: offloads ? [] : [flatTrained(own.size)],
  };
  const pass = question.record({ accumulation: "add" });
  const { partitions, buckets } = bucketsOf({
    limit: settings.reduceBucket,
    overlaps: settings.overlaps,
    contiguous: settings.contiguous || offloads,
    partitions: settings.stage === 2,
    offloads,
    dtype,
    reduces: settings.reduces ?? dtype,
    accumulates,
    own,
    total,
  });
  const micro = scenario.train.gradient_accumulation;
  const passes = Array.from(
    { length: Math.min(micro, partitions ? 2 : 3) },
    () => passActs(pass),
  );
  const weave = new Weaver(dtype);
  const first = buckets(1, false);
  const acts = partitions
    ? passes.flatMap((each, at) => {
      const own = at === 0 ? first : buckets(micro - 1, isFlat);
      return [
        ...(at === 0 ? [] : [STEP_ASKED]),
        ...weave.reduced(each, own),
        ...(at === 0 || offloads || isFlat
          ? []
          : [free(own.kept, BACKWARD_END)]),
      ];
    })
    : passes.length > 1
    ? weave.accumulated(passes, first)
    : settings.overlaps
    ? weave.reduced(passes[0] as PassActs, first)
    : weave.late(passes[0] as PassActs, first);
  const largest = Math.max(0, ...elements);
  return answerOf(question, {
    load: [
      ...loadActs({
        ...inventory,
        items: inventory.items.filter(({ trains }) => !trains),
      }),
      take(tensor("weights", "flat parameters", own.size * ranks, dtype), LOAD),
      ...(offloads
        ? [take(
          tensor(
            "gradients",
            "largest gradient on its way to the host",
            largest,
            dtype,
          ),
          LOAD,
        )]
        : [take(
          tensor("master weights", "partition in fp32", own.size, "fp32"),
          LOAD,
        )]),
      ...kernelFlags(question, !offloads),
    ],
    states: flatStates(question, stepped),
    step: [
      ...withExchanges(acts, microBatchesBy(passes, micro)),
      ...(offloads ? isFlat ? [free(first.kept, STEP)] : [] : gradientsSteps(
        own,
        dtype,
        { kept: first.kept, isFlat },
        flatTemporaries(question, stepped),
      )),
      exchange(
        "all-gather",
        UPDATED,
        { elements: own.size * ranks, dtype },
        STEP,
      ),
    ],
    passes,
    stepped,
    hostBytes: pass.hostBytes,
    ...(offloads
      ? {
        host: offloadedPartition(
          question,
          own.size,
          largest,
          dtype,
          micro > 1 && !isFlat ? own.touched : 0,
        ),
      }
      : {}),
  });

  function bucketsOf(how: ConstructorParameters<typeof Buckets>[0]) {
    const gradients = new Gradients(how.dtype);
    return {
      partitions: how.partitions,
      buckets: (times: number, keeps: boolean) =>
        new Buckets(how, gradients, times, keeps),
    };
  }
}

/** The rank that is asked about, or the one whose partition takes most memory. */
export function ownPartition(
  partitions: readonly Partition[],
  rank: number | null,
  isFlat: boolean,
): Partition {
  const need = ({ size, parts, touched }: Partition) => {
    const norm = 8 * Math.max(0, ...parts);
    return isFlat ? norm : 2 * touched + Math.max(6 * size, norm);
  };
  return partitions[rank ?? -1] ??
    partitions.reduce((most, each) => need(each) > need(most) ? each : most);
}

/**
 * The norm of the rank's gradients is taken, and they become one fp32 tensor, which
 * the optimizer steps with.
 */
export function gradientsSteps(
  { size, parts, padding }: Partition,
  dtype: Dtype,
  { kept, isFlat }: { readonly kept: Buffer; readonly isFlat: boolean },
  temporaries: readonly Act[],
): Act[] {
  const norm = transient([
    tensor(
      "optimizer temporaries",
      "gradients in fp64, for their norm",
      Math.max(0, ...parts),
      "fp64",
    ),
  ], STEP);
  if (isFlat) return [...norm, ...temporaries, free(kept, STEP)];
  const flat = tensor("gradients", "gradients of the partition", size, dtype);
  const wide = tensor("gradients", "gradients in fp32", size, "fp32");
  // Flattening one tensor, and casting to its own type, gives a view.
  const flattens = parts.length + (padding > 0 ? 1 : 0) > 1;
  const casts = dtype !== "fp32";
  const stepped = casts ? wide : flattens ? flat : null;
  return [
    ...norm,
    ...(flattens ? [take(flat, STEP)] : []),
    ...(casts ? [take(wide, STEP)] : []),
    ...(flattens && casts ? [free(flat, STEP)] : []),
    ...(stepped ? [free(kept, STEP)] : []),
    ...temporaries,
    free(stepped ?? kept, STEP),
  ];
}

/** Weaves buckets into passes. */
class Weaver {
  readonly #cutter = new Cutter();
  readonly #gradients: Gradients;

  constructor(dtype: Dtype) {
    this.#gradients = new Gradients(dtype);
  }

  /** A pass whose gradients are reduced as they come. */
  reduced({ acts }: PassActs, buckets: Buckets): Act[] {
    let begun = false;
    const woven = acts.flatMap((run) =>
      this.#cut(run, (parameter) => {
        const when = whenOf(run);
        const begin = begun ? [] : buckets.begin(when);
        begun = true;
        return [...begin, ...buckets.add(parameter, when)];
      })
    );
    return [...woven, ...buckets.end(BACKWARD_END)];
  }

  /** ZeRO 1 without overlap: gradients stand until the backward pass is over. */
  late({ acts }: PassActs, buckets: Buckets): Act[] {
    const woven = this.#standing(acts, buckets);
    const after = acts.toReversed().flatMap((run) =>
      this.#cutter.gradients(run).toReversed().flatMap(({ parameter }) => [
        ...buckets.add(parameter, BACKWARD_END),
        free(this.#gradients.of(parameter), BACKWARD_END),
      ])
    );
    return [...woven, ...after, ...buckets.end(BACKWARD_END)];
  }

  /**
   * ZeRO 1 over micro-batches: whole gradients stand, and the buckets that the
   * first one made, until the last one reduces them.
   */
  accumulated(passes: readonly PassActs[], buckets: Buckets): Act[] {
    const last = passes.at(-1) as PassActs;
    return [
      ...this.#standing(passes[0]?.acts ?? [], buckets),
      ...passes.slice(1, -1).flatMap(({ acts }) => [STEP_ASKED, ...acts]),
      STEP_ASKED,
      ...last.acts.flatMap((run) =>
        this.#cut(run, (parameter) => {
          const when = whenOf(run);
          return [
            ...buckets.add(parameter, when),
            free(this.#gradients.of(parameter), when),
          ];
        })
      ),
      ...buckets.end(BACKWARD_END),
    ];
  }

  #standing(acts: readonly Run[], buckets: Buckets): Act[] {
    let begun = false;
    return acts.flatMap((run) =>
      this.#cut(run, (parameter) => {
        const when = whenOf(run);
        const begin = begun ? [] : buckets.begin(when);
        begun = true;
        return [...begin, take(this.#gradients.of(parameter), when)];
      }, true)
    );
  }

  #cut(
    run: Run,
    actsOf: (parameter: Parameters<Gradients["of"]>[0]) => Act[],
    isTaken = false,
  ): Act[] {
    if (run.phase !== "backward") return [run];
    const met = isTaken ? this.#cutter.taken(run) : this.#cutter.gradients(run);
    return this.#cutter.cut(
      run,
      met.map(({ parameter, at }) => ({
        at,
        acts: actsOf(parameter),
      })),
    );
  }
}
