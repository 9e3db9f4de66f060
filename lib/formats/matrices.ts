import { codeOfType } from "../models/families/mod.ts";
import type { Tensor } from "../models/tensors/tensor.ts";

/** Matrices of one shape that a checkpoint stores each by itself. */
export interface StoredMatrices {
  /** How many. */
  readonly count: number;
  readonly outputs: number;
  readonly inputs: number;
}

/**
 * The matrices that one tensor of a model is in a quantised checkpoint: experts
 * are taken apart, and their gates from their ups, for quantisers pack linear
 * layers.
 *
 * @param type The model's type.
 * @param whole Whether experts stay together, as MXFP4 of gpt-oss has them.
 */
export function matricesOf(
  { shape, expert, role, module }: Tensor,
  type: string,
  whole = false,
): StoredMatrices {
  const [first = 1, second = 1, third] = shape;
  if (third === undefined || !expert) {
    const width = shape.slice(1).reduce((product, size) => product * size, 1);
    return module === "conv1d"
      ? { count: 1, outputs: second, inputs: first }
      : { count: 1, outputs: first, inputs: width };
  }
  const { isTransposed } = codeOfType(type).experts;
  const [outputs, inputs] = isTransposed ? [third, second] : [second, third];
  const pair = role === "gate_up" && !whole ? 2 : 1;
  return { count: first * pair, outputs: outputs / pair, inputs };
}
