import type { Mesh } from "../../parallel/mesh.ts";
import type { Sharding } from "../../parallel/sharding.ts";
import { shardingOf } from "../../parallel/sharding.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { weightFormat } from "../../scenario/weight_format.ts";
import { FLOAT_BYTES, weightBytes } from "../../models/weight_bytes.ts";
import type { Model } from "../../models/model.ts";

/** The quantities that several formulas of the method share. */
export interface FactorsSetup {
  scenario: Scenario;
  model: Model;
  mesh: Mesh;
  sharding: Sharding;
  /** Bytes of a weight as it lies on the device. */
  weightBytes: number;
  /** Bytes of an element of the training type: gradients, gathered weights. */
  dtypeBytes: number;
  /** Bytes of an activation's element: the autocast type where there is one. */
  activationBytes: number;
  /** Whether the weights are NF4, which ZeRO does not shard in this method. */
  nf4: boolean;
  /** ceil(layers / pp) */
  layersPerStage: number;
  /** Tokens per GPU and forward: micro batch x sequence length. */
  tokens: number;
  /** What checkpointing leaves of the activations. */
  kept: number;
  /** Trainable parameters of one pipeline stage, before tensor parallelism. */
  trainable: number;
}

/**
 * Works the shared quantities out.
 *
 * @param trainable Trainable parameters of the whole model.
 * @returns Null when the weight format's size is not known.
 */
export function setupOf(
  scenario: Scenario,
  model: Model,
  mesh: Mesh,
  trainable: number,
): FactorsSetup | null {
  const weight = weightBytes(scenario);
  if (weight === null) return null;
  const { train, precision } = scenario;
  return {
    scenario,
    model,
    mesh,
    sharding: shardingOf(scenario.engine, scenario.parallel, mesh),
    weightBytes: weight,
    dtypeBytes: FLOAT_BYTES[precision.weights],
    activationBytes: FLOAT_BYTES[precision.autocast ?? precision.weights],
    nf4: weightFormat(scenario).startsWith("nf4"),
    layersPerStage: Math.ceil(model.architecture.layers / mesh.pp),
    tokens: train.micro_batch * train.sequence_length,
    kept: train.checkpointing === "full"
      ? scenario.factors.grad_ckpt_reduction
      : 1,
    trainable: trainable / mesh.pp,
  };
}
