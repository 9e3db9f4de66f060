import type { Dtype } from "../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";

/** How an optimizer goes through its tensors. */
export type Implementation = "foreach" | "fused" | "for-loop";

/** A tensor that trains, as the optimizer sees it. */
export interface Trained {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly dtype: Dtype;
  /** How many alike there are. */
  readonly copies: number;
  readonly embedding: boolean;
  /** Whether it is a matrix inside of a layer. */
  readonly hidden: boolean;
}

/** What an optimizer keeps of a tensor, and takes while it steps. */
export interface OptimizerRule {
  /** Bytes of each state tensor that PyTorch's allocator holds. */
  states(tensor: Trained): number[];
  /** Bytes of each state tensor in CUDA's managed memory, beside the allocator. */
  managed(tensor: Trained): number[];
  /** Bytes that a multi-tensor step makes of every tensor at once. */
  foreach(tensor: Trained): number;
  /** Tensors that a multi-tensor step makes of one tensor at a time beside. */
  foreachOne(tensor: Trained): number[];
  /** Bytes that a loop makes of one tensor at a time... */
  own(tensor: Trained): number;
  /** ...of which so many stand until the next tensor's are made. */
  kept(tensor: Trained): number;
  /** The implementations that exist beside a loop. */
  readonly implementations: readonly ("foreach" | "fused")[];
  /** What runs where nobody chooses. */
  readonly usual: "foreach" | "for-loop";
  /** Whether gradients are used up within the backward pass, always. */
  readonly inBackward: boolean;
  /** Whose kernels step it; null: PyTorch's or its project's own code. */
  readonly library: "bitsandbytes" | "torchao" | null;
  /** Whether its memory was traced or read in its source, or is from memory. */
  readonly basis: "derived" | "assumed";
}

/** Bytes of a tensor in its own type. */
export function bytesOf({ elements, dtype }: Trained): number {
  return elements * DTYPE_BYTES[dtype];
}

/** Rows and columns of a matrix; of any other tensor, the last two sizes. */
export function sidesOf({ shape }: Trained): [number, number] {
  return [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
}

/** States of as many elements as the tensor has, in its own type. */
export function like(count: number) {
  return (tensor: Trained): number[] =>
    Array.from({ length: count }, () => bytesOf(tensor));
}

/** States of as many elements as the tensor has, in fp32. */
export function wide(count: number) {
  return ({ elements }: Trained): number[] =>
    Array.from({ length: count }, () => 4 * elements);
}

/** Temporaries as multiples of the tensor's own bytes. */
export function times(factor: number) {
  return (tensor: Trained): number => factor * bytesOf(tensor);
}

/** A rule with what most have in common. */
export function ruleOf(
  rule: Pick<OptimizerRule, "states"> & Partial<OptimizerRule>,
): OptimizerRule {
  return {
    managed: () => [],
    foreach: times(0),
    foreachOne: () => [],
    own: times(0),
    kept: times(0),
    implementations: [],
    usual: "for-loop",
    inBackward: false,
    library: null,
    basis: "derived",
    ...rule,
  };
}
