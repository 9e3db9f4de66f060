import { gpuOf } from "../../hardware/gpus.ts";
import { besideBuffer } from "../../plan/beside.ts";
import type { HeldParameter } from "../../plan/megatron/held.ts";
import type { MegatronPlan } from "../../plan/megatron/plan.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { ParameterPool } from "./buffers.ts";

/** The first major number of compute capability whose kernels read any order. */
const ANY_ORDER = 10;
/** Elements that share a scale of one byte: mxfp8. */
const SCALED = 32;

/** Whether a parameter is a matrix that Transformer Engine multiplies in 8 bits. */
type InEightBits = (held: HeldParameter) => boolean;

/**
 * The matrices of layers but routers and adapters: norms, embeddings and the head stay
 * as they are.
 */
export function eightBitsOf({ table, head }: MegatronPlan): InEightBits {
  const whole = new Set([table.weight, head.head.weight]);
  return ({ parameter }) =>
    parameter.shape.length > 1 && !whole.has(parameter) &&
    !/router|lora|adapter/.test(parameter.name);
}

/** Parameters' elements in all, and of those what is multiplied in 8 bits. */
function elementsIn(
  held: readonly HeldParameter[],
  takes: InEightBits,
): number {
  return held.reduce(
    (sum, each) => takes(each) ? sum + each.parameter.elements : sum,
    0,
  );
}

/**
 * The copies of matrices in 8 bits that the first forward pass makes and every step
 * writes anew: in two orders where kernels read rows alone, as Hopper's do, and of
 * mxfp8, whose scales go with rows or columns. Parameters that are in 8 bits are one
 * of them themselves.
 *
 * Source: NVIDIA/TransformerEngine transformer_engine/pytorch/module/base.py,
 * quantize_weight, and linear.py; NVIDIA/Megatron-LM
 * megatron/core/extensions/transformer_engine.py, is_first_microbatch
 */
export function eightBitWeights(
  { precision, hardware }: Scenario,
  plan: MegatronPlan,
): Buffer[] {
  const { fp8, fp8_parameters } = precision;
  if (fp8 === null) return [];
  const elements = elementsIn(plan.held, eightBitsOf(plan));
  const capability = gpuOf(hardware.gpu)?.compute_capability ?? "0";
  const blocks = fp8 === "mxfp8";
  const orders = (blocks || parseInt(capability) < ANY_ORDER ? 2 : 1) -
    (fp8_parameters ? 1 : 0);
  const bytes = orders * elements * (blocks ? 1 + 1 / SCALED : 1);
  return [besideBuffer("weight casts", "matrices in 8 bits", Math.ceil(bytes))]
    .filter(({ bytes }) => bytes > 0);
}

/**
 * Pools of what stays in its own type, and of what is in 8 bits instead.
 *
 * Source: NVIDIA/Megatron-LM megatron/core/distributed/param_and_grad_buffer.py,
 * whose buffer of fp8 parameters is one of bytes
 */
export function splitPools(
  pools: readonly ParameterPool[],
  takes: InEightBits,
): { own: ParameterPool[]; eight: ParameterPool[] } {
  const split = pools.map((pool) => {
    const eight = elementsIn(pool.held, takes);
    return {
      own: { ...pool, elements: pool.elements - eight },
      eight: { ...pool, elements: eight },
    };
  });
  return {
    own: split.map(({ own }) => own),
    eight: split.map(({ eight }) => eight),
  };
}
