import { localModel } from "../plan/titan/local_model.ts";
import { embeddingPlanOf, headPlanOf } from "../plan/outer_plan.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import { hasTower } from "../models/tensors/tower.ts";
import { stepPlanOf } from "../plan/step_plan.ts";
import type { Mesh } from "../parallel/mesh.ts";
import { divisorsOf, nearestOf } from "../parallel/nearest.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Engine, RankClass } from "./engine.ts";
import { computedByFsdp, readByFsdp, refusedByFsdp } from "./fsdp/policy.ts";
import { pipedTitan } from "./titan/piped.ts";
import type { Chunk } from "./titan/record.ts";
import { recordTitan } from "./titan/record.ts";
import { amongReplicas, shardedTitan } from "./titan/sharded.ts";
import type { Staging } from "./titan/stages.ts";
import { chunksOf, splitsOf } from "./titan/stages.ts";
import { scheduleOf, SCHEDULES } from "./titan/turns.ts";
import { wholeTitan } from "./titan/whole.ts";

/**
 * torchtitan's tensor parallelism, by DTensor, with its FSDP over the other ranks.
 *
 * Source: pytorch/torchtitan 0.1.0
 * torchtitan/models/llama3/infra/parallelize.py
 */
export const titan: Engine = {
  name: "fsdp2",
  ownPasses: true,
  reads: (scenario) => [
    ...readByFsdp(scenario),
    "precision.fp8",
    "engine.wrap",
    "engine.root_reshard",
    "engine.loss_parallel",
    "parallel.tp",
    "parallel.pp",
    "parallel.sequence_parallel",
    ...(scenario.parallel.pp > 1
      ? [
        "parallel.microbatches",
        "parallel.virtual_pipeline",
        "parallel.split_points",
        "parallel.pipeline_schedule",
      ]
      : []),
  ],
  refuses: refused,
  computed: computedByTitan,
  ranks({ parallel: { rank } }, mesh) {
    const { gpus, pp } = mesh;
    if (rank !== null) {
      return [{ name: `rank ${rank}`, gpus, place: placeOf(rank, mesh) }];
    }
    const each = gpus / pp;
    return Array.from({ length: pp }, (_, at): RankClass => ({
      name: pp === 1 ? "all" : `pp ${at}`,
      gpus: each,
      place: placeOf(at * each, mesh),
    }));
  },
  play(question) {
    const { scenario, plan, mesh, place, workspaces } = question;
    const { kv_heads: kv } = plan.model.architecture;
    if (kv % mesh.tp !== 0) {
      return {
        reason:
          `parallel.tp must divide the model's ${kv} key-value heads for torchtitan: current value is ${mesh.tp}${
            nearestOf(divisorsOf(kv), mesh.tp)
          }`,
      };
    }
    const own = stepPlanOf(plan.scenario, localModel(plan.model, mesh.tp));
    if ("reason" in own) return own;
    const strange = unlikeLlama(own);
    if (strange !== null) return { reason: strange };
    const { loss_parallel } = scenario.engine;
    const record = (chunk: Chunk, accumulation: "keep" | "add") =>
      recordTitan(own, chunk, {
        shares: { tp: mesh.tp, batch: scenario.train.micro_batch },
        inParts: loss_parallel ?? true,
        sharded: mesh.dp > 1,
        piped: mesh.pp > 1,
      }, {
        autocast: own.scenario.precision.autocast,
        accumulation,
        workspaces: workspaces.length > 0,
      });
    if (mesh.pp > 1) {
      return pipedTitan(
        question,
        own,
        chunksOf(stagingOf(scenario, own.stack.layers.length), place.pp),
        record,
      );
    }
    const all: Chunk = {
      first: true,
      last: true,
      layers: own.stack.layers.map((_, at) => at),
    };
    const pass = (accumulation: "keep" | "add") => ({
      stacks: [record(all, accumulation)],
      hostBytes: 0,
    });
    return mesh.dp === 1
      ? wholeTitan(question, own, pass)
      : shardedTitan(question, own, pass);
  },
};

function stagingOf({ parallel }: Scenario, layers: number): Staging {
  const { pp, virtual_pipeline } = parallel;
  const splits = splitsOf(parallel);
  const known = splits === "unclear" ? null : splits;
  const isLooped = scheduleOf(parallel) === "Interleaved1F1B";
  const each = known
    ? (known.length + 1) / pp
    : isLooped
    ? Math.max(2, virtual_pipeline)
    : 1;
  return { layers, pp, each, splits: known };
}

/** Where a rank is: tensor-parallel ranks follow one another. */
function placeOf(rank: number, { tp, dp }: Mesh): RankClass["place"] {
  return {
    tp: rank % tp,
    dp: Math.floor(rank / tp) % dp,
    pp: Math.floor(rank / (tp * dp)),
    cp: 0,
    ep: 0,
  };
}

/**
 * FSDP has the only mixed precision that torchtitan knows with tensor parallelism.
 *
 * Source: torchtitan/distributed/utils.py, maybe_enable_amp
 */
function computedByTitan(scenario: Scenario): Scenario {
  const { gpus, tp, pp, cp } = scenario.parallel;
  if (gpus > tp * pp * cp) return computedByFsdp(scenario);
  return {
    ...scenario,
    precision: { ...scenario.precision, autocast: null },
  };
}

function refused(scenario: Scenario, mesh: Mesh): string | null {
  const { train, parallel } = scenario;
  const { tp, pp, cp, ep } = mesh;
  if (cp * ep > 1) {
    return "torchtitan's context and expert parallelism are not played through yet";
  }
  const piped = pp > 1 ? refusedPipeline(scenario) : null;
  if (piped !== null) return piped;
  if (train.method !== "full") {
    return `train.method ${train.method} is not played with torchtitan's tensor parallelism`;
  }
  if (train.loss !== "full" || train.kernels === "liger") {
    return "torchtitan's tensor parallelism is played with the loss of all logits alone, and not with Liger's kernels";
  }
  if (train.images_per_sample > 0) {
    return `train.images_per_sample ${train.images_per_sample} is not played with torchtitan's tensor parallelism: its decoders of text alone are`;
  }
  const { weights } = scenario.quantization;
  if (weights !== "none" && weights !== null) {
    return `quantization.weights ${weights} is not played with torchtitan's tensor parallelism, whose float8 is of products, not of weights as they lie`;
  }
  if (train.sequence_length % tp !== 0) {
    return `parallel.tp = ${tp} does not divide train.sequence_length ${train.sequence_length}, whose tokens its ranks share${
      nearestOf(divisorsOf(train.sequence_length), tp)
    }`;
  }
  return refusedByFsdp(amongReplicas({ ...scenario, parallel }, mesh));
}

/** Why a scenario's pipeline is none that is played; null where it is. */
function refusedPipeline(scenario: Scenario): string | null {
  const { parallel, train } = scenario;
  const schedule = scheduleOf(parallel);
  if (!SCHEDULES.some((each) => each === schedule)) {
    return `parallel.pipeline_schedule ${schedule} is not played through yet: ${
      SCHEDULES.join(", ")
    } are`;
  }
  const splits = splitsOf(parallel);
  if (splits === "unclear") {
    return "parallel.split_points has to name layers, such as layers.8";
  }
  const { each } = stagingOf(scenario, 0);
  if (!Number.isInteger(each)) {
    return `parallel.split_points must cut the model into a multiple of parallel.pp = ${parallel.pp} stages: there are ${
      (splits?.length ?? 0) + 1
    }`;
  }
  if (each > 1 && schedule !== "Interleaved1F1B") {
    return `parallel.pipeline_schedule ${schedule} has one stage a rank: parallel.split_points and virtual_pipeline give ${each}`;
  }
  const micros = parallel.microbatches ?? train.gradient_accumulation;
  return micros < parallel.pp
    ? `parallel.microbatches must be at least parallel.pp = ${parallel.pp} for ${schedule}: current value is ${micros}`
    : null;
}

/** Why a model's code is none that torchtitan cuts into parts; null where it is. */
function unlikeLlama(plan: StepPlan): string | null {
  const { facts, encoders, vision, classHead } = plan;
  const { traits, architecture, stateSpaces } = facts;
  const reason = (what: string) =>
    `models of type ${architecture.type} are not played with torchtitan's tensor and pipeline parallelism: ${what}`;
  if (stateSpaces) return reason("their layers keep states beside attention");
  if (hasTower(plan.model)) {
    return reason("they have a tower beside their decoder");
  }
  if (encoders || vision || classHead) {
    return reason("it has decoders of text alone");
  }
  if (architecture.experts > 0) {
    return reason("its code for experts is played with FSDP alone");
  }
  const first = embeddingPlanOf(plan, null);
  if (headPlanOf(plan, first).head.weight === first.table) {
    return reason("their head is the table of their embeddings");
  }
  const isLlama = traits.arrangement === "pre" && !first.positions &&
    !first.scaled && !traits.finalSoftcap && !traits.scaledLogits;
  return isLlama ? null : reason("their layers or ends are not as Llama's");
}
