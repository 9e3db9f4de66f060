import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Dtype } from "../../play/torch/dtype.ts";

/** DeepSpeed's settings, each as it holds. */
export interface ZeroSettings {
  readonly stage: number;
  /** Whether gradients are reduced beside the backward pass. */
  readonly overlaps: boolean;
  /** Whether gradients are copied to a bucket as they come. */
  readonly contiguous: boolean;
  /** Elements that are reduced at a time. */
  readonly reduceBucket: number;
  /** Elements that are gathered ahead. */
  readonly prefetch: number;
  /** Parameters of at most so many elements stay whole. */
  readonly persistence: number;
  readonly maxLive: number;
  readonly maxReuse: number;
  /** Elements of a rank that are stepped at a time. */
  readonly subGroup: number;
  readonly roundRobin: boolean;
  /** Type that gradients accumulate in; null: the parameters'. */
  readonly accumulates: Dtype | null;
  /** Type that they are reduced in; null: the parameters'. */
  readonly reduces: Dtype | null;
}

/**
 * Fills in what a scenario leaves to the code that drives DeepSpeed: the HF Trainer's
 * configurations, whose "auto" values depend on the hidden size, or with driver
 * `bare` DeepSpeed's own defaults.
 *
 * Sources: deepspeed/runtime/zero/config.py, DeepSpeedZeroConfig; transformers
 * integrations/deepspeed.py, trainer_config_finalize, and docs/source/en/deepspeed.md
 */
export function zeroSettings(
  { engine, precision, parallel }: Scenario,
  { architecture }: Model,
): ZeroSettings {
  const stage = engine.zero_stage;
  const isBare = engine.driver === "bare";
  const square = architecture.hidden_size ** 2;
  const either = (own: number, driven: number) => isBare ? own : driven;
  return {
    stage,
    overlaps: engine.overlap_comm ?? (stage === 3 || !isBare),
    contiguous: engine.contiguous_gradients ?? true,
    reduceBucket: engine.reduce_bucket_size ??
      either(5e8, stage === 3 ? square : 2e8),
    prefetch: engine.stage3_prefetch_bucket_size ??
      either(5e7, Math.floor(0.9 * square)),
    persistence: engine.stage3_param_persistence_threshold ??
      either(1e5, 10 * architecture.hidden_size),
    maxLive: engine.stage3_max_live_parameters ?? 1e9,
    maxReuse: engine.stage3_max_reuse_distance ?? 1e9,
    subGroup: engine.sub_group_size ?? 1e9,
    roundRobin: engine.round_robin_gradients ?? false,
    accumulates: engine.grad_accum_dtype ?? precision.gradients,
    // deepspeed/runtime/constants.py, SEQ_PARALLEL_COMMUNICATION_DATA_TYPE_DEFAULT
    reduces: parallel.cp > 1 ? "fp32" : null,
  };
}
