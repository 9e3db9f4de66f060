import { stateActs, temporaryActs } from "../optimizers/step_acts.ts";
import { besideBuffer } from "../plan/beside.ts";
import type { MegatronPlan } from "../plan/megatron/plan.ts";
import { megatronPlanOf } from "../plan/megatron/plan.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { Act, Take } from "../play/program/act.ts";
import type { Buffer } from "../play/program/buffer.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import { ownTokens } from "../software/megatron/shares.ts";
import type { Scenario } from "../scenario/schema.ts";
import { clearOf, lengthOf, workspaceActs } from "./acts.ts";
import type { Engine, RankClass, RankQuestion } from "./engine.ts";
import type { ParameterPool } from "./megatron/buffers.ts";
import {
  apart,
  loading,
  pooled,
  poolsOf,
  shardsOf,
} from "./megatron/buffers.ts";
import { recordChunks } from "./megatron/record.ts";
import { playedMicros, turnsOf } from "./megatron/schedule.ts";
import { keptBuffers } from "./megatron/kept.ts";
import { woven } from "./megatron/weave.ts";

/**
 * Megatron-Core: layers cut over ranks, stages of a pipeline, and contiguous
 * buffers of parameters and gradients, whose optimizer's states may be dealt out.
 *
 * Sources: NVIDIA/Megatron-LM core 0.16.1 megatron/core/distributed,
 * optimizer/distrib_optimizer.py, pipeline_parallel/schedules.py
 */
export const megatronEngine: Engine = {
  name: "megatron",
  refuses({ train, optimizer, parallel }) {
    if (parallel.cp > 1 && parallel.cp_kind === "ulysses") {
      return "parallel.cp_kind ulysses is not played with Megatron-Core, whose keys and values go around in a ring";
    }
    if (train.method !== "full") {
      return `train.method ${train.method} is not played with Megatron-Core`;
    }
    if (train.images_per_sample > 0) {
      return "images are not played with Megatron-Core";
    }
    return optimizer.in_backward
      ? "Megatron-Core has no optimizer.in_backward"
      : null;
  },
  ranks(scenario, mesh) {
    const each = mesh.gpus / mesh.pp;
    const all = Array.from({ length: mesh.pp }, (_, pp): RankClass => ({
      name: mesh.pp === 1 ? "all" : `pp ${pp}`,
      gpus: each,
      place: { dp: 0, tp: 0, pp, cp: 0, ep: 0 },
    }));
    const { rank } = scenario.parallel;
    return rank === null ? all : all.slice(Math.floor(rank / each)).slice(0, 1);
  },
  play(question) {
    const { scenario, plan, mesh, place, workspaces } = question;
    const own = megatronPlanOf(plan, mesh, place.pp);
    if ("reason" in own) return own;
    const { checkpointing } = scenario.train;
    const { chunks, kept } = recordChunks(own, {
      workspaces: workspaces.length > 0,
      checkpoints: checkpointing === "full",
    });
    const pipeline = {
      stage: place.pp,
      stages: mesh.pp,
      chunks: chunks.length,
      micros: scenario.parallel.microbatches ??
        scenario.train.gradient_accumulation,
    };
    const handed = ownTokens(own.shares) * own.hidden * DTYPE_BYTES[own.dtype];
    const micros = mesh.pp === 1 ? 1 : playedMicros(pipeline);
    const { first, later, passes } = woven(
      chunks,
      turnsOf({ ...pipeline, micros }),
      {
        handed: besideBuffer(
          "communication buffers",
          "hidden states or gradients handed on",
          handed,
        ),
        kept,
      },
    );
    const pools = poolsOf(own.held, {
      dense: mesh.dp * mesh.cp,
      experts: expertRanks(scenario, mesh),
      distributed: scenario.engine.distributed_optimizer,
    });
    const trained = shardsOf(pools);
    const memory = memoryOf(question, own, pools);
    const { rule } = question;
    const stepped = { rule, implementation: "for-loop", trained } as const;
    const temporaries = rule.implementations.includes("fused")
      ? []
      : temporaryActs(stepped, scenario.optimizer.name);
    const states = scenario.engine.offload_optimizer === "none"
      ? stateActs(stepped, scenario)
      : [];
    const clear = clearOf({ trained }, passes);
    return {
      program: {
        load: memory.load,
        first: [
          ...workspaceActs(workspaces),
          ...memory.first,
          ...first,
          ...states,
          ...memory.stepping,
          ...temporaries,
          clear,
        ],
        step: [
          ...memory.beginning,
          ...later,
          ...memory.stepping,
          ...temporaries,
          clear,
        ],
        alternates: true,
        ...lengthOf(passes, stepped),
      },
      hostBytes: 0,
      assumptions: assumptionsOf(own, mesh, checkpointing === "full"),
    };
  },
};

function assumptionsOf(
  { held, head }: MegatronPlan,
  { cp }: Mesh,
  runsAgain: boolean,
): string[] {
  return [
    ...(held.some(({ parameter }) => parameter.name === ROUTER)
      ? ["every expert is taken to get as many tokens as any other"]
      : []),
    ...(head.next
      ? [
        `the config's num_nextn_predict_layers is taken for Megatron-LM's --mtp-num-layers: a layer that predicts a further token trains${
          runsAgain ? ", and is played as one that does not run again" : ""
        }`,
      ]
      : []),
    ...(cp > 1
      ? [
        "context parallelism is played as Transformer Engine's source reads: no run of it was traced",
      ]
      : []),
  ];
}

const ROUTER = "router.weight";

/** Ranks that hold the same experts. */
function expertRanks({ parallel }: Scenario, mesh: Mesh): number {
  return mesh.gpus / ((parallel.etp ?? mesh.tp) * mesh.ep * mesh.pp);
}

/** What stands beside what passes make. */
interface Memory {
  readonly load: readonly Take[];
  readonly first: readonly Take[];
  /** What a later step begins with. */
  readonly beginning: readonly Act[];
  /** What the optimizer's step takes first. */
  readonly stepping: readonly Act[];
}

/**
 * Parameters and gradients of whole buffers, masters of this rank's shards. The
 * optimizer reads gradients in fp32: others are copied, until they are zeroed.
 */
function memoryOf(
  { scenario, mesh }: RankQuestion,
  own: MegatronPlan,
  pools: readonly ParameterPool[],
): Memory {
  const { engine, precision } = scenario;
  const bytes = DTYPE_BYTES[own.dtype];
  // megatron/training/arguments.py: bf16 accumulates in fp32 unless told otherwise.
  const isWide = engine.grad_reduce_in_fp32 ??
    (own.dtype === "bf16" || precision.gradients === "fp32");
  const isAware = precision.optimizer_states !== null &&
    precision.optimizer_states !== "fp32";
  const distributed = engine.distributed_optimizer;
  const frozen = own.held.filter(({ parameter }) => !parameter.trains);
  const ofPools = (
    of: "elements" | "own",
    each: number,
    ...as: [Parameters<typeof pooled>[3], string]
  ) => pooled(pools, of, each, ...as);
  const masters = ofPools("own", 4, "master weights", "parameters in fp32");
  // What of an fp32 master its bf16 parameter does not say.
  const remainders = ofPools("own", 2, "master weights", "remainders");
  const copies = ofPools("own", 4, "gradients", "gradients in fp32");
  const when = (buffer: Buffer, act: "take" | "free"): Act[] =>
    isWide || isAware
      ? []
      : [{ act, phase: "optimizer", at: "optimizer", buffer }];
  const kept = keptBuffers(own, mesh).map((buffer): Take => ({
    act: "take",
    phase: "forward",
    at: "embeddings",
    buffer,
  }));
  return {
    load: [
      ...(distributed
        ? [
          ...loading(ofPools("elements", bytes, "weights", "parameters")),
          ...loading(apart(frozen, bytes)),
        ]
        : loading(apart(own.held, bytes))),
      ...loading(
        ofPools("elements", isWide ? 4 : bytes, "gradients", "gradients"),
      ),
      ...(isAware ? [] : loading(masters)),
    ],
    first: isAware
      ? [...kept, {
        act: "take",
        phase: "optimizer",
        at: "optimizer",
        buffer: remainders,
      }]
      : kept,
    beginning: when(copies, "free").map((act) => ({
      ...act,
      phase: "forward",
      at: "embeddings",
    })),
    stepping: when(copies, "take"),
  };
}
