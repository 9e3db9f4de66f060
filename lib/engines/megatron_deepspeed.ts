import type { Mesh } from "../parallel/mesh.ts";
import { megatronPlanOf } from "../plan/megatron/plan.ts";
import type { MegatronPlan } from "../plan/megatron/plan.ts";
import type { Pass } from "../play/program/pass.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Engine, RankAnswer, RankQuestion } from "./engine.ts";
import { megatronEngine } from "./megatron.ts";
import { keptBuffers } from "./megatron/kept.ts";
import { recordChunks } from "./megatron/record.ts";
import { rankInventory } from "./megatron_deepspeed/inventory.ts";
import { playPipeline } from "./megatron_deepspeed/play_pipeline.ts";
import { zeroSettings } from "./zero/settings.ts";
import { playStage0, playWideGradients } from "./zero/stage0.ts";
import { playStage12 } from "./zero/stage12.ts";

/**
 * Megatron-DeepSpeed: an older Megatron's layers, cut over ranks, under DeepSpeed's
 * optimizer; with stages under DeepSpeed's own pipeline.
 *
 * Sources: deepspeedai/Megatron-DeepSpeed megatron/training.py,
 * setup_model_and_optimizer; megatron/model/gpt_model.py, GPTModelPipe
 */
export const megatronDeepSpeed: Engine = {
  name: "megatron-deepspeed",
  reads: () => [
    "parallel.tp",
    "parallel.pp",
    "parallel.sequence_parallel",
    "parallel.microbatches",
    "engine.zero_stage",
    "engine.grad_accum_dtype",
    "engine.contiguous_gradients",
    "engine.reduce_bucket_size",
    "engine.overlap_comm",
    "engine.round_robin_gradients",
    "precision.gradients",
  ],
  refuses: (scenario, mesh) =>
    refusedByCode(scenario, mesh) ?? unplayed(scenario, mesh),
  ranks: (scenario, mesh) => megatronEngine.ranks(scenario, mesh),
  play(question) {
    const { scenario, plan, mesh, place, workspaces } = question;
    const own = megatronPlanOf(plan, mesh, place.pp);
    if ("reason" in own) return own;
    if (own.chunks.length !== 1 || own.head.next || "router" in anyMlp(own)) {
      return {
        reason:
          "experts and layers that predict further tokens are not played with Megatron-DeepSpeed, which has modules of its own for them",
      };
    }
    const isPiped = mesh.pp > 1;
    const recorded = (gradients: "add" | "keep" | "consume") =>
      recordChunks(own, {
        workspaces: workspaces.length > 0,
        checkpoints: scenario.train.checkpointing === "full",
        gradients,
      }).chunks[0];
    const asked: RankQuestion = {
      ...question,
      // Its configurations leave to DeepSpeed's defaults what they do not set.
      scenario: {
        ...scenario,
        engine: {
          ...scenario.engine,
          driver: "bare",
          overlap_comm: scenario.engine.overlap_comm ?? false,
        },
      },
      plan: { ...plan, inventory: rankInventory(own, isPiped) },
      record: ({ accumulation }): Pass => ({
        stacks: [recorded(accumulation ?? "keep")?.stack ?? []],
        hostBytes: 0,
      }),
    };
    const settings = zeroSettings(asked.scenario, plan.model);
    const chunk = recorded("add");
    if (!chunk) return { reason: "a stage has no layers" };
    const answer = isPiped
      ? playPipeline(asked, { own, chunk, settings, stages: mesh.pp })
      : withKept(playWhole(asked, settings), own, mesh);
    return {
      ...answer,
      assumptions: [
        isPiped
          ? "Megatron-DeepSpeed with stages runs DeepSpeed's pipeline, whose messages are taken to be whole (pipe_partitioned false)"
          : "Megatron-DeepSpeed without stages is taken to run with --no-pipeline-parallel",
        ...(plan.facts.architecture.kv_heads <
            plan.facts.architecture.attention_heads
          ? [
            "keys and values are repeated to a head for each query's: Megatron-DeepSpeed as of July 2025 cuts them wrongly, and one before that is played",
          ]
          : []),
      ],
    };
  },
};

/** What Megatron-DeepSpeed itself does not run. */
function refusedByCode(
  { engine, parallel }: Scenario,
  { pp }: Mesh,
): string | null {
  if (engine.zero_stage > 1 && pp > 1) {
    return `ZeRO ${engine.zero_stage} does not run with pipeline parallelism, whose gradients are reduced once: parallel.pp is ${pp}; engine.zero_stage 0 or 1 does`;
  }
  return parallel.virtual_pipeline > 1
    ? `parallel.virtual_pipeline must be 1 with Megatron-DeepSpeed, whose pipeline has no interleaved chunks: current value is ${parallel.virtual_pipeline}`
    : null;
}

function unplayed(
  { engine, train, optimizer, parallel, precision, quantization }: Scenario,
  { cp, ep, pp }: Mesh,
): string | null {
  const with_ = "is not played with Megatron-DeepSpeed";
  if (engine.zero_stage === 3) {
    return `engine.zero_stage 3 ${with_}: 0 to 2 are`;
  }
  if (train.method !== "full") return `train.method ${train.method} ${with_}`;
  if (train.images_per_sample > 0) {
    return `train.images_per_sample ${train.images_per_sample} ${with_}`;
  }
  const { weights } = quantization;
  if (weights !== "none" && weights !== null) {
    return `quantization.weights ${weights} ${with_}`;
  }
  if (train.checkpointing === "selective") {
    return `train.checkpointing selective ${with_}: full is`;
  }
  if (cp > 1) return `parallel.cp ${cp} ${with_}`;
  if (ep > 1) return `parallel.ep ${ep} ${with_}`;
  if (optimizer.in_backward) {
    return "Megatron-DeepSpeed has no optimizer.in_backward";
  }
  if (engine.offload_optimizer !== "none") {
    return `engine.offload_optimizer ${engine.offload_optimizer} ${with_}`;
  }
  if (pp > 1 && engine.overlap_comm === true) {
    return `engine.overlap_comm ${with_} and stages, whose gradients are reduced at the end`;
  }
  if (precision.weights === "fp16" && engine.zero_stage === 0) {
    return `engine.zero_stage 0 in fp16 ${with_}: bf16, or stage 1 is`;
  }
  const uneven = parallel.layers_of_first_stage !== null ||
    parallel.layers_of_last_stage !== null;
  return uneven
    ? "parallel.layers_of_first_stage and layers_of_last_stage have no like in Megatron-DeepSpeed, which deals layers out evenly"
    : null;
}

function anyMlp({ chunks, layerOf, kindOf }: MegatronPlan) {
  const [first = 0] = chunks[0]?.layers ?? [];
  return layerOf(kindOf(first)).mlp;
}

/** A rank without stages, under DeepSpeed's plain engine. */
function playWhole(
  question: RankQuestion,
  { stage, accumulates }: ReturnType<typeof zeroSettings>,
): RankAnswer {
  if (stage === 0) return playStage0(question);
  return accumulates === "fp32" && stage === 1
    ? playWideGradients(question)
    : playStage12(question);
}

/** What the first forward pass makes and keeps. */
function withKept(
  answer: RankAnswer,
  own: MegatronPlan,
  mesh: Mesh,
): RankAnswer {
  const { program } = answer;
  return {
    ...answer,
    program: {
      ...program,
      first: [
        ...keptBuffers(own, mesh).map((buffer) => ({
          act: "take",
          phase: "forward",
          at: "embeddings",
          buffer,
        } as const)),
        ...program.first,
      ],
    },
  };
}
