import { partitionsOf } from "./parameters.ts";

/** Bytes of Adam's fp32 copy, momentum and variance of a parameter. */
const MASTER_AND_STATES = 12;

/**
 * Model states of a rank as ZeRO's paper counts them, in bytes: 16-bit weights and
 * gradients, and what Adam has in fp32, each whole or this rank's partition of it.
 *
 * Source: Rajbhandari et al., ZeRO (arXiv 1910.02054), section 5 and table 1
 */
export function modelStates(
  elements: readonly number[],
  ranks: number,
  stage: 0 | 1 | 2 | 3,
): number {
  const size = partitionsOf(elements, ranks, false)[0]?.size ?? 0;
  const whole = elements.reduce((sum, each) => sum + each, 0);
  return 2 * (stage === 3 ? size : whole) + 2 * (stage >= 2 ? size : whole) +
    MASTER_AND_STATES * (stage >= 1 ? size : whole);
}

/** What DeepSpeed's estimators are asked about. */
export interface EstimatorQuestion {
  readonly parameters: number;
  /** Parameters of the largest layer. */
  readonly largest: number;
  readonly gpusPerNode: number;
  readonly nodes: number;
  readonly offloadsOptimizer: boolean;
  readonly offloadsParameters: boolean;
}

/** An estimator's answer, in bytes. */
export interface Estimated {
  readonly gpu: number;
  readonly host: number;
}

/** What the estimators multiply the host's memory by. */
const HOST_FACTOR = 1.5;

/**
 * DeepSpeed's estimator of ZeRO 2.
 *
 * Source: deepspeed 0.19.8 runtime/zero/stage_1_and_2.py,
 * estimate_zero2_model_states_mem_needs
 */
export function estimateZero2(
  { parameters, gpusPerNode, nodes, offloadsOptimizer }: EstimatorQuestion,
): Estimated {
  const gpus = nodes * gpusPerNode;
  return offloadsOptimizer
    ? {
      gpu: 2 * parameters,
      host: Math.trunc(parameters * Math.max(4 * gpus, 16) * HOST_FACTOR),
    }
    : {
      gpu: 2 * parameters + Math.trunc(18 * parameters / gpus),
      host: Math.trunc(parameters * 4 * gpusPerNode * HOST_FACTOR),
    };
}

/**
 * DeepSpeed's estimator of ZeRO 3, of a model that is made under zero.Init.
 *
 * Source: deepspeed 0.19.8 runtime/zero/stage3.py,
 * estimate_zero3_model_states_mem_needs
 */
export function estimateZero3(
  {
    parameters,
    largest,
    gpusPerNode,
    nodes,
    offloadsOptimizer,
    offloadsParameters,
  }: EstimatorQuestion,
): Estimated {
  const gpus = nodes * gpusPerNode;
  const layer = 4 * largest;
  if (!offloadsOptimizer) {
    return {
      gpu: layer + Math.trunc(18 * parameters / gpus),
      host: Math.trunc(largest * 4 * gpusPerNode * HOST_FACTOR),
    };
  }
  return {
    gpu: offloadsParameters ? layer : layer + Math.trunc(2 * parameters / gpus),
    host: Math.trunc(
      parameters * (offloadsParameters ? 18 : 16) / nodes * HOST_FACTOR,
    ),
  };
}
