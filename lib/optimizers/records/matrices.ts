import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Kin } from "../record.ts";
import type { Trained } from "../rule.ts";
import { bytesOf, like, ruleOf, sidesOf } from "../rule.ts";
import { torchaoRule } from "../torchao_rule.ts";

/** The largest side of a block that Shampoo preconditions. */
const SHAMPOO_BLOCK = 1024;
/** The largest side that SOAP takes a preconditioner for. */
const SOAP_LARGEST_SIDE = 10_000;

/** What SinkGD steps embeddings, heads and norms with. */
const ADAM_8BIT = torchaoRule(8);

/** Optimizers that take a matrix for more than its elements. */
export const MATRICES = {
  // torch.optim.
  muon: {
    rule: ruleOf({
      states: (tensor) => like(tensor.hidden ? 1 : 2)(tensor),
      own: muonStep,
      kept: (tensor) => tensor.hidden ? 0 : bytesOf(tensor),
    }),
    spellings: {
      axolotl: { muon: {} },
      deepspeed: { Muon: {} },
      megatron: { muon: {}, dist_muon: {} },
      classes: {
        Muon: {},
        DistMuon: {},
        MuonClip: {},
      },
    },
  },
  // microsoft/dion normuon.py: a momentum, and the squares of its rows. It makes the
  // updates of all matrices of a shape at once, of which one is counted.
  normuon: {
    rule: ruleOf({
      states: (tensor) =>
        tensor.hidden
          ? [
            bytesOf(tensor),
            bytesOf(tensor) / (tensor.shape.at(-1) ?? 1),
          ]
          : like(2)(tensor),
      own: muonStep,
      kept: (tensor) => tensor.hidden ? 0 : bytesOf(tensor),
      basis: "assumed",
    }),
    spellings: { classes: { NorMuon: {} } },
  },
  // microsoft/dion dion.py, _init_opt_state_dion, where the rank is the whole.
  dion: {
    rule: ruleOf({
      states: dionStates,
      own: dionStep,
      basis: "assumed",
    }),
    spellings: { axolotl: { dion: {} }, classes: { Dion: {} } },
  },
  // Axolotl's utils/optimizers/sinkgd.py: nothing of a layer's matrices, of the
  // others torchao's 8-bit AdamW.
  sinkgd: {
    rule: ruleOf({
      states: (tensor) => tensor.hidden ? [] : ADAM_8BIT.states(tensor),
      own: (tensor) =>
        tensor.hidden ? 2 * bytesOf(tensor) : ADAM_8BIT.own(tensor),
      basis: "assumed",
    }),
    spellings: { axolotl: { sinkgd: {} } },
  },
  // facebookresearch/optimizers cuts matrices into blocks.
  shampoo: {
    rule: ruleOf({
      states: shampooStates,
      own: shampooStep,
      basis: "assumed",
    }),
    spellings: { classes: { Shampoo: {} } },
  },
  soap: {
    rule: ruleOf({ states: soapStates, own: soapStep }),
    spellings: { classes: { SOAP: {} } },
  },
} satisfies Kin;

/**
 * Newton-Schulz on one matrix: the update in its own type, the iterate and its
 * successor in bf16, the Gram matrix and its polynomial. What is no matrix of a
 * layer goes to an AdamW beside it.
 *
 * Source: pytorch torch/optim/_muon.py, _zeropower_via_newtonschulz
 */
function muonStep(tensor: Trained): number {
  const bytes = bytesOf(tensor);
  if (!tensor.hidden) return 2 * bytes;
  const side = Math.min(...sidesOf(tensor));
  return bytes + 2 * 2 * tensor.elements + 2 * 2 * side ** 2;
}

/** A momentum, and the right factor of its decomposition. */
function dionStates(tensor: Trained): number[] {
  if (!tensor.hidden) return like(2)(tensor);
  const side = Math.min(...sidesOf(tensor));
  return [bytesOf(tensor), DTYPE_BYTES[tensor.dtype] * side ** 2];
}

/** The momentum batched, its left factor in its type and in fp32, the right anew. */
function dionStep(tensor: Trained): number {
  if (!tensor.hidden) return 2 * bytesOf(tensor);
  const side = Math.min(...sidesOf(tensor));
  return 2 * bytesOf(tensor) + 4 * tensor.elements +
    2 * DTYPE_BYTES[tensor.dtype] * side ** 2;
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
