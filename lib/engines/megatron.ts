import { stateActs, temporaryActs } from "../optimizers/step_acts.ts";
import { besideBuffer } from "../plan/beside.ts";
import type { MegatronPlan } from "../plan/megatron/plan.ts";
import { megatronPlanOf, span } from "../plan/megatron/plan.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import type { Mesh } from "../parallel/mesh.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import { ownTokens } from "../software/megatron/shares.ts";
import type { Scenario } from "../scenario/schema.ts";
import { clearOf, lengthOf, workspaceActs } from "./acts.ts";
import type { Engine, RankClass } from "./engine.ts";
import { poolsOf, shardsOf } from "./megatron/buffers.ts";
import { memoryOf } from "./megatron/memory.ts";
import { recordChunks } from "./megatron/record.ts";
import { stepExchanges } from "./megatron/exchanges.ts";
import { playedMicros, turnsOf } from "./megatron/schedule.ts";
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
  reads: ({ engine }, { architecture }) => [
    "parallel.tp",
    "parallel.pp",
    "parallel.cp",
    "parallel.ep",
    "parallel.etp",
    "parallel.cp_kind",
    "parallel.sequence_parallel",
    "parallel.virtual_pipeline",
    "parallel.microbatches",
    "parallel.layers_of_first_stage",
    "parallel.layers_of_last_stage",
    "engine.distributed_optimizer",
    "engine.grad_reduce_in_fp32",
    ...(architecture.experts > 0
      ? ["engine.gradient_accumulation_fusion"]
      : []),
    "engine.recompute_modules",
    "engine.offload_optimizer",
    "precision.gradients",
    "precision.fp8",
    "precision.fp8_parameters",
    ...(engine.offload_optimizer === "none"
      ? []
      : ["precision.master_weights"]),
  ],
  refuses({ train, optimizer, parallel, engine, quantization }) {
    if (parallel.cp > 1 && parallel.cp_kind === "ulysses") {
      return "parallel.cp_kind ulysses is not played with Megatron-Core, whose keys and values go around in a ring";
    }
    if (train.method === "qlora") {
      return "train.method qlora is not played with Megatron-Core, whose weights are never in 4 bits: lora is";
    }
    const again = engine.recompute_modules ?? [];
    if (
      train.method === "lora" && train.checkpointing === "selective" &&
      again.includes("layernorm")
    ) {
      return "engine.recompute_modules must leave out layernorm with train.method lora: Megatron-Core stops in the first layer, whose hidden states need no gradient";
    }
    const { weights } = quantization;
    if (weights !== "none" && weights !== null) {
      return `quantization.weights ${weights} is not played with Megatron-Core, whose weights are in bf16 or fp16: neither are fp8 copies of them that it computes with`;
    }
    if (train.images_per_sample > 0) {
      return `train.images_per_sample ${train.images_per_sample} is not played with Megatron-Core: its decoders of text alone are`;
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
  /** A stage after one of the same layers has fewer micro-batches under way. */
  contenders(plan, mesh, ranks) {
    if (plan.scenario.parallel.virtual_pipeline > 1) return ranks;
    const contents = ranks.map(({ place }) => contentOf(plan, mesh, place.pp));
    return ranks.filter((_, at) =>
      at === 0 || contents[at] !== contents[at - 1]
    );
  },
  play(question) {
    const { scenario, plan, mesh, place, workspaces } = question;
    const own = megatronPlanOf(plan, mesh, place.pp);
    if ("reason" in own) return own;
    const { checkpointing } = scenario.train;
    const { chunks, kept } = recordChunks(own, {
      workspaces: workspaces.length > 0,
      checkpoints: checkpointing === "full",
      // They are added to a buffer that stands, and go.
      gradients: "consume",
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
      pipeline.micros - micros + 1,
    );
    const pools = poolsOf(own.held, {
      dense: mesh.dp * mesh.cp,
      experts: expertRanks(scenario, mesh),
      distributed: scenario.engine.distributed_optimizer,
    });
    const trained = shardsOf(pools);
    const memory = memoryOf(question, own, pools);
    const { reduced, updated } = stepExchanges(own, pools, {
      gradient: memory.gradientBytes,
      distributed: scenario.engine.distributed_optimizer,
    }, plan.facts.architecture.tie_embeddings && mesh.pp > 1);
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
          ...reduced,
          ...states,
          ...memory.stepping,
          ...temporaries,
          ...updated,
          clear,
        ],
        step: [
          ...memory.beginning,
          ...later,
          ...reduced,
          ...memory.stepping,
          ...temporaries,
          ...updated,
          clear,
        ],
        alternates: true,
        ...lengthOf(passes, stepped),
      },
      trained,
      hostBytes: 0,
      assumptions: assumptionsOf(own, mesh, scenario),
    };
  },
};

/** What a stage has of a model, in words that are alike for the same. */
function contentOf(plan: StepPlan, mesh: Mesh, stage: number): string {
  const own = megatronPlanOf(plan, mesh, stage);
  if ("reason" in own) return own.reason;
  return own.chunks.map(({ first, last, layers }) =>
    `${first} ${last} ${span(layers).map((each) => own.kindOf(each).id)}`
  ).join(", ");
}

function assumptionsOf(
  { held, head, dtype }: MegatronPlan,
  { cp }: Mesh,
  { train, precision }: Scenario,
): string[] {
  const runsAgain = train.checkpointing === "full";
  return [
    ...(train.method === "lora"
      ? [
        `LoRA is Megatron-Bridge's: adapters beside Megatron-Core's own matrices, in ${dtype} as the model is, and one for all experts of a layer; train.lora.adapter_dtype is not read`,
      ]
      : []),
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
    ...(precision.fp8 === null ? [] : [
      "precision.fp8 is played as Transformer Engine's source reads, for all layers, with parameters in their own type beside: no run of it was traced",
    ]),
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
