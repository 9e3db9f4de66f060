import type { Scenario } from "../scenario/schema.ts";
import { weightFormat } from "../scenario/weight_format.ts";
import type { Mesh } from "../parallel/mesh.ts";
import {
  computedPart,
  contextAssumptions,
  refusedContext,
} from "./contexts.ts";
import { isTiled } from "../plan/context.ts";
import type { Engine } from "./engine.ts";
import { alike } from "./engine.ts";
import { areShardsPacked, packedAssumptions } from "./packed_shards.ts";
import { playStage0, playWideGradients } from "./zero/stage0.ts";
import { playStage12 } from "./zero/stage12.ts";
import { playStage3 } from "./zero/stage3.ts";

/**
 * DeepSpeed's ZeRO.
 *
 * Sources: deepspeed/runtime/engine.py, _do_optimizer_sanity_check;
 * deepspeed/runtime/zero/config.py
 */
export const deepspeed: Engine = {
  name: "deepspeed",
  reads: readByDeepSpeed,
  refuses(scenario, mesh) {
    return refusedByDeepSpeed(scenario, mesh) ?? unplayed(scenario, mesh) ??
      refusedContext(scenario, "ulysses");
  },
  computed: (scenario) => computedPart(computed(scenario)),
  ranks: (_, mesh) => alike(mesh),
  play(question) {
    const { scenario } = question;
    const { zero_stage } = scenario.engine;
    if (zero_stage === 3) {
      const assumptions = [
        ...contextAssumptions(scenario),
        ...loadAssumptions(scenario),
      ];
      return { ...playStage3(question), assumptions };
    }
    if (zero_stage === 0) return playStage0(question);
    return zero_stage === 1 && isWide(scenario)
      ? playWideGradients(question)
      : playStage12(question);
  },
};

/**
 * transformers makes a model under zero.Init unless it is quantised.
 *
 * Source: huggingface/transformers modeling_utils.py, needs_zero3_init
 */
function loadAssumptions(scenario: Scenario): string[] {
  return areShardsPacked(scenario)
    ? [
      ...packedAssumptions(scenario),
      "transformers loads packed weights whole on each GPU before ZeRO 3 partitions them, which is not counted",
    ]
    : [];
}

/** The type that DeepSpeed trains in. */
function trainsIn({ precision }: Scenario): Scenario["precision"]["weights"] {
  return precision.autocast ?? precision.weights;
}

/** Whether gradients accumulate in fp32 beside weights of 16 bits. */
function isWide(scenario: Scenario): boolean {
  const { engine, precision } = scenario;
  return trainsIn(scenario) !== "fp32" &&
    (engine.grad_accum_dtype ?? precision.gradients) === "fp32";
}

/** Fields that a stage heeds. */
function readByDeepSpeed({ engine }: Scenario): string[] {
  const stage = engine.zero_stage;
  return [
    "engine.driver",
    "engine.zero_stage",
    "engine.grad_accum_dtype",
    "parallel.cp",
    "parallel.cp_kind",
    "precision.gradients",
    ...(stage === 0 ? [] : [
      "engine.offload_optimizer",
      "engine.contiguous_gradients",
      "engine.reduce_bucket_size",
    ]),
    ...(stage === 1 || stage === 2
      ? ["engine.overlap_comm", "engine.round_robin_gradients"]
      : []),
    ...(stage === 3
      ? [
        "engine.offload_parameters",
        "engine.stage3_prefetch_bucket_size",
        "engine.stage3_param_persistence_threshold",
        "engine.stage3_max_live_parameters",
        "engine.stage3_max_reuse_distance",
        "engine.sub_group_size",
      ]
      : []),
  ];
}

/** What DeepSpeed itself does not run. */
function refusedByDeepSpeed(
  { engine: { zero_stage, offload_optimizer, offload_parameters } }: Scenario,
  { pp }: Mesh,
): string | null {
  const stage = `engine.zero_stage is ${zero_stage}`;
  if (zero_stage > 1 && pp > 1) {
    return `ZeRO ${zero_stage} does not run with pipeline parallelism, whose gradients are reduced once: parallel.pp is ${pp}; engine.zero_stage 0 and 1 do, or parallel.pp 1`;
  }
  if (zero_stage < 3 && offload_parameters !== "none") {
    return `engine.offload_parameters ${offload_parameters} needs ZeRO 3, whose parameters are partitioned: ${stage}; engine.zero_stage 3 does, or engine.offload_parameters none`;
  }
  if (zero_stage < 3 && offload_optimizer === "nvme") {
    return `engine.offload_optimizer nvme needs ZeRO 3: ${stage}; engine.zero_stage 3 does, or engine.offload_optimizer cpu`;
  }
  if (zero_stage === 0 && offload_optimizer !== "none") {
    return `engine.offload_optimizer ${offload_optimizer} needs ZeRO: ${stage}; engine.zero_stage 1, 2 and 3 do`;
  }
  return null;
}

function unplayed(
  scenario: Scenario,
  { tp, pp, ep }: Mesh,
): string | null {
  const { optimizer, engine } = scenario;
  const packed = weightFormat(scenario);
  if (isTiled(scenario) && engine.zero_stage < 3) {
    return `train.loss chunked with parallel.cp is played with ZeRO 3: engine.zero_stage is ${engine.zero_stage}`;
  }
  if (optimizer.in_backward) {
    return "DeepSpeed steps after gradients were reduced: optimizer.in_backward is not played with it";
  }
  if (engine.zero_stage === 1 && isWide(scenario)) {
    const { offload_optimizer } = engine;
    const weights = trainsIn(scenario);
    // DeepSpeedZeroOptimizer's use_grad_accum_attribute.
    if (weights !== "bf16" || offload_optimizer !== "none") {
      return `engine.zero_stage 1 with engine.grad_accum_dtype fp32 is played of bf16 with the optimizer on the GPU: weights are ${weights}, engine.offload_optimizer is ${offload_optimizer}; engine.zero_stage 2 does`;
    }
  }
  if (
    engine.zero_stage === 3 &&
    packed !== "none" && !areShardsPacked(scenario)
  ) {
    return `ZeRO 3 over weights in ${packed} is not played through: of packed weights it partitions those of nf4 and nf4-dq`;
  }
  return tp * pp * ep > 1
    ? "DeepSpeed with tensor, pipeline or expert parallelism is not played through yet"
    : null;
}

/**
 * DeepSpeed casts the whole model to the type that it trains in, adapters too, and
 * runs without autocast.
 *
 * Sources: deepspeed/runtime/engine.py, _configure_distributed_model; accelerate
 * accelerator.py, prepare_model
 */
function computed(scenario: Scenario): Scenario {
  const { precision, train, quantization, engine } = scenario;
  const weights = trainsIn(scenario);
  return {
    ...scenario,
    precision: { ...precision, weights, autocast: null, gradients: null },
    // Adapters that join a model made under zero.Init stay as they are; transformers
    // makes none so that is packed.
    train: engine.zero_stage === 3 && weightFormat(scenario) === "none"
      ? train
      : { ...train, lora: { ...train.lora, adapter_dtype: weights } },
    quantization: { ...quantization, kbit_upcast: false },
  };
}
