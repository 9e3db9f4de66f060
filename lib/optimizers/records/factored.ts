import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Kin } from "../record.ts";
import type { Trained } from "../rule.ts";
import { bytesOf, ruleOf } from "../rule.ts";

/** Squares of rows and columns in the place of a matrix of them, or no state. */
export const FACTORED = {
  // transformers optimization.py, Adafactor: everything in fp32.
  adafactor: {
    rule: ruleOf({
      states: fp32Factored,
      own: ({ elements, dtype }) => (dtype === "fp32" ? 8 : 16) * elements,
      kept: ({ elements }) => 4 * elements,
    }),
    spellings: {
      transformers: { adafactor: {} },
      classes: { Adafactor: {} },
    },
  },
  // came_pytorch CAME.py: a momentum, and the squares of the update and of its
  // instability, in fp32; the root mean square of the weights in their own type.
  came: {
    rule: ruleOf({
      states: (tensor) => [
        4 * tensor.elements,
        ...fp32Factored(tensor),
        ...(tensor.shape.length < 2 ? [] : fp32Factored(tensor)),
        DTYPE_BYTES[tensor.dtype],
      ],
      own: ({ elements, dtype }) => (dtype === "fp32" ? 12 : 16) * elements,
      kept: ({ elements }) => 8 * elements,
    }),
    spellings: { axolotl: { came_pytorch: {} }, classes: { CAME: {} } },
  },
  // OpenLMLab/LOMO lomo_optim/lomo.py, fuse_update: gradient and parameter in fp32,
  // of which those that are in fp32 already are no copies. The gradient itself has
  // been let go of when the second is made.
  lomo: {
    rule: ruleOf({
      states: () => [],
      own: (tensor) =>
        tensor.dtype === "fp32" ? 0 : 8 * tensor.elements - bytesOf(tensor),
      inBackward: true,
    }),
    spellings: { transformers: { lomo: {} } },
  },
  // lomo_optim/adalomo.py, fuse_update: two more of the gradient's square, or the
  // update and the parameter, beside the gradient in fp32.
  adalomo: {
    rule: ruleOf({
      states: fp32Factored,
      own: (tensor) => 12 * tensor.elements - bytesOf(tensor),
      inBackward: true,
    }),
    spellings: { transformers: { adalomo: {} } },
  },
} satisfies Kin;

/** A row and a column of squares for a matrix, in fp32. */
function fp32Factored({ shape, elements }: Trained): number[] {
  const [columns = 1, rows = 1] = [shape.at(-1), shape.at(-2)];
  return shape.length < 2
    ? [4 * elements]
    : [4 * elements / columns, 4 * elements / rows];
}
