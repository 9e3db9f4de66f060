import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Kin } from "../record.ts";
import type { Trained } from "../rule.ts";
import { FACTORED } from "./factored.ts";
import { bytesOf, like, ruleOf, sidesOf, times } from "../rule.ts";

/**
 * The rank of both where nobody gives one; a Scenario cannot say others.
 *
 * Source: huggingface/transformers trainer_optimizer.py, _get_galore_optimizer and
 * _get_apollo_optimizer
 */
const RANK = 128;

const ADAFACTOR = FACTORED.adafactor.rule;

/** Adam on gradients that are projected to a low rank. */
export const LOW_RANK = {
  galore: {
    rule: ruleOf({
      states: (tensor) => galoreStates(tensor),
      own: (tensor) =>
        tensor.hidden ? projectedAnew(tensor) : 2 * bytesOf(tensor),
      kept: (tensor) =>
        bytesOf(tensor) + (tensor.hidden ? projected(tensor, RANK) : 0),
      basis: "assumed",
    }),
    spellings: {
      transformers: {
        galore_adamw: {},
        galore_adamw_8bit: { bits: 8 },
        galore_adamw_layerwise: { in_backward: true },
        galore_adamw_8bit_layerwise: { bits: 8, in_backward: true },
      },
    },
  },
  // galore_torch adafactor.py: gradients in fp32, of which squares are kept alone.
  // What is taken is of the steps that project anew: the first, and each 200th.
  "galore-adafactor": {
    rule: ruleOf({
      states: (tensor) =>
        tensor.hidden ? projectedSquares(tensor) : ADAFACTOR.states(tensor),
      own: (tensor) =>
        tensor.hidden ? projectedAnew(tensor) : ADAFACTOR.own(tensor),
      kept: (tensor) =>
        tensor.hidden
          ? (tensor.dtype === "fp32" ? 4 : 8) * tensor.elements
          : ADAFACTOR.kept(tensor),
      basis: "assumed",
    }),
    spellings: {
      transformers: {
        galore_adafactor: {},
        galore_adafactor_layerwise: { in_backward: true },
      },
    },
  },
  // apollo_torch apollo.py: the scaled gradient twice, and three projected ones.
  apollo: {
    rule: ruleOf({
      states: (tensor) => apolloStates(tensor, RANK),
      own: (tensor) =>
        times(2)(tensor) + (tensor.hidden ? 3 * projected(tensor, RANK) : 0),
    }),
    spellings: {
      transformers: {
        apollo_adamw: {},
        apollo_adamw_layerwise: { in_backward: true },
      },
    },
  },
  "apollo-mini": {
    rule: ruleOf({
      states: (tensor) => apolloStates(tensor, 1),
      own: times(2),
      basis: "assumed",
    }),
    spellings: {},
  },
} satisfies Kin;

/** Rows, columns and the rank of a matrix that is projected. */
function factorsOf(tensor: Trained, rank: number) {
  const [rows, columns] = sidesOf(tensor);
  const [short, long] = [Math.min(rows, columns), Math.max(rows, columns)];
  return { short, long, own: Math.min(rank, short) };
}

/** Bytes of a projected matrix in the tensor's own type. */
function projected(tensor: Trained, rank: number): number {
  const { long, own } = factorsOf(tensor, rank);
  return DTYPE_BYTES[tensor.dtype] * own * long;
}

/**
 * GaLore's projection. Of an fp32 gradient it is a view of all singular vectors,
 * which stay as long as it does; for other types a copy is cast.
 *
 * Source: galore_torch galore_projector.py, get_orthogonal_matrix
 */
function projection(tensor: Trained): number {
  const { short, own } = factorsOf(tensor, RANK);
  return tensor.dtype === "fp32"
    ? 4 * short ** 2
    : DTYPE_BYTES[tensor.dtype] * own * short;
}

/** Adam's two for a projected matrix, and the projection. */
function galoreStates(tensor: Trained): number[] {
  if (!tensor.hidden) return like(2)(tensor);
  const moment = projected(tensor, RANK);
  return [moment, moment, projection(tensor)];
}

/** The same with a random projection, and the norm of the last scaled gradient. */
function apolloStates(tensor: Trained, rank: number): number[] {
  if (!tensor.hidden) return like(2)(tensor);
  const moment = projected(tensor, rank);
  const { short, own } = factorsOf(tensor, rank);
  const unit = DTYPE_BYTES[tensor.dtype];
  return [moment, moment, unit * own * short, unit];
}

/** Squares of a projected matrix' rows and columns, its projection, the weights' RMS. */
function projectedSquares(tensor: Trained): number[] {
  const { long, own } = factorsOf(tensor, RANK);
  return [4 * long, 4 * own, projection({ ...tensor, dtype: "fp32" }), 4];
}

/** The gradient in fp32, its singular vectors, and those of the rank scaled. */
function projectedAnew(tensor: Trained): number {
  const { elements, dtype } = tensor;
  const { short, long, own } = factorsOf(tensor, RANK);
  return (dtype === "fp32" ? 4 : 8) * elements + 4 * short ** 2 +
    4 * own * long;
}
