import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Kin, OptimizerRecord } from "../record.ts";
import type { OptimizerRule, Trained } from "../rule.ts";
import { bytesOf, like, ruleOf, times } from "../rule.ts";
import { bitsandbytesRule } from "../bitsandbytes_rule.ts";
import { FACTORED } from "./factored.ts";
import {
  factorsOf,
  projected,
  projectedAnew,
  projection,
} from "../projection.ts";

/**
 * The rank of most where nobody gives one.
 *
 * Source: huggingface/transformers trainer_optimizer.py, _get_galore_optimizer and
 * _get_apollo_optimizer; hiyouga/LLaMA-Factory finetuning_args.py
 */
const RANK = 128;
/** Q-GaLore's: axolotl-ai-cloud/axolotl utils/schemas/training.py, qgalore_rank. */
const Q_RANK = 256;
/** Elements of a projection that share a scale and a zero point. */
const Q_GROUP = 256;

const ADAFACTOR = FACTORED.adafactor.rule;

/** The 8-bit Adam that GaLore's own begins with, which widens no embeddings. */
const ADAM_8BIT = bitsandbytesRule({ states: 2, paged: true }, 8, {
  paged: false,
  widensEmbeddings: false,
});

/** A record of a rule that hangs on the rank. */
function ranked(
  ofRank: (rank: number) => OptimizerRule,
  usual: number,
  inEight?: (rank: number) => OptimizerRule,
): Pick<OptimizerRecord, "rule" | "ranked"> {
  return {
    rule: ofRank(usual),
    ranked: (rank, bits) =>
      (bits === 8 ? inEight : ofRank)?.(rank ?? usual) ?? null,
  };
}

/** Adam on gradients that are projected to a low rank. */
export const LOW_RANK = {
  galore: {
    ...ranked(galoreRule, RANK, galore8bitRule),
    spellings: {
      transformers: {
        galore_adamw: {},
        galore_adamw_8bit: { bits: 8 },
        galore_adamw_layerwise: { in_backward: true },
        galore_adamw_8bit_layerwise: { bits: 8, in_backward: true },
      },
    },
  },
  "galore-adafactor": {
    ...ranked(galoreAdafactorRule, RANK),
    spellings: {
      transformers: {
        galore_adafactor: {},
        galore_adafactor_layerwise: { in_backward: true },
      },
    },
  },
  "q-galore": {
    ...ranked(quantisedGaloreRule, Q_RANK, quantisedGaloreRule),
    spellings: {
      axolotl: { q_galore_adamw8bit: {} },
      classes: { QGaLoreAdamW8bit: {} },
    },
  },
  apollo: {
    ...ranked(apolloRule, RANK),
    spellings: {
      transformers: {
        apollo_adamw: {},
        apollo_adamw_layerwise: { in_backward: true },
      },
    },
  },
  "apollo-mini": {
    ...ranked(apolloRule, 1),
    spellings: {},
  },
} satisfies Kin;

/** What is taken is of the steps that project anew: the first, and each 200th. */
function galoreRule(rank: number): OptimizerRule {
  return ruleOf({
    states: (tensor) => galoreStates(tensor, rank),
    own: (tensor) =>
      tensor.hidden ? projectedAnew(tensor, rank) : 2 * bytesOf(tensor),
    kept: (tensor) =>
      bytesOf(tensor) + (tensor.hidden ? projected(tensor, rank) : 0),
    basis: "assumed",
  });
}

/**
 * galore_torch adamw8bit.py: bitsandbytes' states of the projected gradient. The
 * whole gradients of earlier tensors are let go of as it goes, which is left out.
 */
function galore8bitRule(rank: number): OptimizerRule {
  return ruleOf({
    states: (tensor) =>
      tensor.hidden
        ? [...states8bit(tensor, rank), projection(tensor, rank)]
        : ADAM_8BIT.states(tensor),
    own: (tensor) => tensor.hidden ? projectedAnew(tensor, rank) : 0,
    basis: "assumed",
  });
}

/**
 * q_galore_torch: the projection in bytes, whatever its bits, with a scale and a
 * zero point for each group, and the first of its vectors.
 */
function quantisedGaloreRule(rank: number): OptimizerRule {
  return ruleOf({
    states: (tensor) => {
      if (!tensor.hidden) return ADAM_8BIT.states(tensor);
      const { short, own } = factorsOf(tensor, rank);
      const unit = DTYPE_BYTES[tensor.dtype];
      const points = unit * Math.ceil(own * short / Q_GROUP);
      return [
        ...states8bit(tensor, rank),
        own * short,
        points,
        points,
        unit * short,
      ];
    },
    own: (tensor) => tensor.hidden ? projectedAnew(tensor, rank) : 0,
    basis: "assumed",
  });
}

/**
 * galore_torch adafactor.py: gradients in fp32, of which squares are kept alone.
 * What is taken is of the steps that project anew: the first, and each 200th.
 */
function galoreAdafactorRule(rank: number): OptimizerRule {
  return ruleOf({
    states: (tensor) =>
      tensor.hidden ? projectedSquares(tensor, rank) : ADAFACTOR.states(tensor),
    own: (tensor) =>
      tensor.hidden ? projectedAnew(tensor, rank) : ADAFACTOR.own(tensor),
    kept: (tensor) =>
      tensor.hidden
        ? (tensor.dtype === "fp32" ? 4 : 8) * tensor.elements
        : ADAFACTOR.kept(tensor),
    basis: "assumed",
  });
}

/**
 * apollo_torch apollo.py: the scaled gradient twice, and three projected ones, which
 * a rank of 1 leaves nothing of.
 */
function apolloRule(rank: number): OptimizerRule {
  return ruleOf({
    states: (tensor) => apolloStates(tensor, rank),
    own: (tensor) =>
      times(2)(tensor) + (tensor.hidden ? 3 * projected(tensor, rank) : 0),
  });
}

/** Two of a byte for each element of a projected matrix, and their scales. */
function states8bit(tensor: Trained, rank: number): number[] {
  const { long, own } = factorsOf(tensor, rank);
  return ADAM_8BIT.states({
    ...tensor,
    shape: [own, long],
    elements: own * long,
  });
}

/** Adam's two for a projected matrix, and the projection. */
function galoreStates(tensor: Trained, rank: number): number[] {
  if (!tensor.hidden) return like(2)(tensor);
  const moment = projected(tensor, rank);
  return [moment, moment, projection(tensor, rank)];
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
function projectedSquares(tensor: Trained, rank: number): number[] {
  const { long, own } = factorsOf(tensor, rank);
  return [4 * long, 4 * own, projection({ ...tensor, dtype: "fp32" }, rank), 4];
}
