import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { OptimizerRule, Trained } from "./rule.ts";
import { bytesOf, like, ruleOf, sidesOf, times } from "./rule.ts";

/** Ranks that the projects' own examples take; a Scenario cannot say others. */
const GALORE_RANK = 128;
const APOLLO_RANK = 256;
/** The largest side of a block that Shampoo preconditions. */
const SHAMPOO_BLOCK = 1024;
/** The largest side that SOAP takes a preconditioner for. */
const SOAP_LARGEST_SIDE = 10_000;

/**
 * Optimizers of other projects, all in a loop over tensors. Those that are marked
 * derived were traced with the packages named beside them; the others are read
 * from their sources or papers.
 */
export const OTHER_RULES: Readonly<Record<string, OptimizerRule>> = {
  // transformers optimization.py, Adafactor: everything in fp32.
  adafactor: ruleOf({
    states: fp32Factored,
    own: ({ elements, dtype }) => (dtype === "fp32" ? 8 : 16) * elements,
    kept: ({ elements }) => 4 * elements,
  }),
  // schedulefree.
  "schedule-free-adamw": ruleOf({
    states: like(2),
    foreach: times(1),
    own: times(1),
    kept: times(1),
    implementations: ["foreach"],
    usual: "foreach",
  }),
  "schedule-free-sgd": ruleOf({
    states: like(1),
    implementations: ["foreach"],
    usual: "foreach",
  }),
  // lion_pytorch.
  lion: ruleOf({ states: like(1), own: times(2) }),
  // pytorch_optimizer.
  lamb: ruleOf({ states: like(2), own: times(1), kept: times(1) }),
  adabelief: ruleOf({ states: like(2), own: times(2), kept: times(2) }),
  ademamix: ruleOf({ states: like(3), own: times(2), kept: times(2) }),
  // facebookresearch/optimizers cuts matrices into blocks.
  shampoo: ruleOf({
    states: shampooStates,
    own: shampooStep,
    basis: "assumed",
  }),
  soap: ruleOf({ states: soapStates, own: soapStep }),
  // adam_mini: one second moment a row; a head's rows share theirs.
  "adam-mini": ruleOf({
    states: (tensor) => [
      bytesOf(tensor),
      tensor.shape.length < 2
        ? DTYPE_BYTES[tensor.dtype]
        : sidesOf(tensor)[0] * DTYPE_BYTES[tensor.dtype],
    ],
    own: times(2),
  }),
  // Liuhong99/Sophia: momentum and the diagonal of the Hessian.
  sophia: ruleOf({ states: like(2), own: times(2), basis: "assumed" }),
  galore: ruleOf({
    states: (tensor) => lowRank(tensor, GALORE_RANK, true),
    own: (tensor) => tensor.hidden ? svd(tensor) : 2 * bytesOf(tensor),
    basis: "assumed",
  }),
  apollo: ruleOf({
    states: (tensor) => lowRank(tensor, APOLLO_RANK, false),
    own: times(2),
    basis: "assumed",
  }),
  "apollo-mini": ruleOf({
    states: (tensor) => lowRank(tensor, 1, false),
    own: times(2),
    basis: "assumed",
  }),
  // OpenLMLab/LOMO lomo_optim/lomo.py, fuse_update: gradient and parameter in fp32,
  // of which those that are in fp32 already are no copies. The gradient itself has
  // been let go of when the second is made.
  lomo: ruleOf({
    states: () => [],
    own: (tensor) =>
      tensor.dtype === "fp32" ? 0 : 8 * tensor.elements - bytesOf(tensor),
    inBackward: true,
  }),
  // lomo_optim/adalomo.py, fuse_update: two more of the gradient's square, or the
  // update and the parameter, beside the gradient in fp32.
  adalomo: ruleOf({
    states: fp32Factored,
    own: (tensor) => 12 * tensor.elements - bytesOf(tensor),
    inBackward: true,
  }),
};

/** A row and a column of squares for a matrix, in fp32. */
function fp32Factored({ shape, elements }: Trained): number[] {
  const [columns = 1, rows = 1] = [shape.at(-1), shape.at(-2)];
  return shape.length < 2
    ? [4 * elements]
    : [4 * elements / columns, 4 * elements / rows];
}

/**
 * Grafting, and for both sides of each block its statistics and their inverse
 * root, in fp32.
 */
function shampooStates({ shape, elements }: Trained): number[] {
  const states = shape.length < 2
    ? []
    : blocksOf(shape).flatMap((block) =>
      block.flatMap((side) => [4 * side ** 2, 4 * side ** 2])
    );
  return [4 * elements, ...states];
}

/** The blocks that a matrix is cut into. */
function blocksOf([rows = 1, columns = 1]: readonly number[]): number[][] {
  const cuts = (side: number) =>
    Array.from(
      { length: Math.ceil(side / SHAMPOO_BLOCK) },
      (_, at) => Math.min(SHAMPOO_BLOCK, side - at * SHAMPOO_BLOCK),
    );
  return cuts(rows).flatMap((row) =>
    cuts(columns).map((column) => [row, column])
  );
}

/** The preconditioned gradient, and the root of one block's side. */
function shampooStep({ shape, elements }: Trained): number {
  const side = Math.min(SHAMPOO_BLOCK, Math.max(...shape));
  return 4 * elements + (shape.length < 2 ? 0 : 4 * 4 * side ** 2);
}

/** Adam's two, and for each side its statistics and their eigenvectors. */
function soapStates(tensor: Trained): number[] {
  const unit = DTYPE_BYTES[tensor.dtype];
  const sides = tensor.shape.length < 2
    ? []
    : tensor.shape.filter((side) => side <= SOAP_LARGEST_SIDE);
  return [
    ...like(2)(tensor),
    ...sides.flatMap((side) => [unit * side ** 2, unit * side ** 2]),
  ];
}

/** New statistics of each side beside four tensors of projected gradients. */
function soapStep(tensor: Trained): number {
  if (tensor.shape.length < 2) return 2 * bytesOf(tensor);
  const unit = DTYPE_BYTES[tensor.dtype];
  const sides = tensor.shape.filter((side) => side <= SOAP_LARGEST_SIDE);
  return sides.reduce(
    (sum, side) => sum + unit * side ** 2,
    4 * bytesOf(tensor),
  );
}

/** Adam's two for a projected matrix, and the projection where it is stored. */
function lowRank(tensor: Trained, rank: number, stored: boolean): number[] {
  if (!tensor.hidden) return like(2)(tensor);
  const unit = DTYPE_BYTES[tensor.dtype];
  const [rows, columns] = sidesOf(tensor);
  const own = Math.min(rank, rows, columns);
  const moments = unit * own * Math.max(rows, columns);
  return [
    moments,
    moments,
    ...(stored ? [unit * own * Math.min(rows, columns)] : []),
  ];
}

/** The singular vectors of a gradient, which is taken in fp32. */
function svd({ shape, elements }: Trained): number {
  const [rows = 1, columns = 1] = shape;
  const side = Math.min(rows, columns);
  return 4 * (elements + side * (rows + columns));
}
