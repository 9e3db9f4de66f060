import type { Model } from "../../models/model.ts";
import type { LogitCopies } from "../../play/torch/ops/loss.ts";
import type { NormKind } from "../../play/torch/ops/norms.ts";

/** Keys of a config, first found wins, and what holds where none is there. */
export type Setting = readonly [keys: readonly string[], fallback: number];

/** How the code of an encoder's or an encoder-decoder's type works. */
export interface EncoderFamily {
  /** Whether norms stand before each branch, or behind its sum. */
  readonly norms: "before" | "behind";
  readonly norm: NormKind;
  readonly activation: readonly [keys: readonly string[], fallback: string];
  readonly dropout: {
    readonly attention: Setting;
    /** Of what attention and MLP give, and of the embeddings. */
    readonly residual: Setting;
    /** Within the MLP. */
    readonly mlp: Setting;
  };
  /** Whether dropout follows the attention's projection; DistilBERT has none. */
  readonly dropsAttended: boolean;
  /** Whether dropout follows the stack's last norm: T5. */
  readonly dropsLast: boolean;
  /** Whether scores get a learned bias by relative position: T5. */
  readonly bias: "first layer" | "each layer" | null;
  /** Whether queries are scaled and heads copied, one head after the other. */
  readonly copiesHeads: boolean;
  /** Whether the softmax runs in fp32 whatever the type of the heads. */
  readonly wideSoftmax: boolean;
  /** Whether heads are turned by their positions, in fp32. */
  readonly rotary: boolean;
  /** Whether the decoder fills a cache while it trains, which copies its keys. */
  readonly caches: boolean;
  /** Whether embeddings are scaled. */
  readonly scaledEmbeddings: "by config" | "always" | "never";
  /** Positions that are looked up for each sequence anew: RoBERTa. */
  readonly ownPositions: boolean;
  /** Names of parameters that never train, such as waves of positions. */
  readonly frozen: RegExp | null;
  /**
   * What a stack's code refers to until its layers have run: the embeddings, the
   * words' rows that they are made of, or nothing.
   */
  readonly holds: "the embeddings" | "words" | null;
  /** Whether what a branch's projection reads is held until the branch ends. */
  readonly holdsInner: boolean;
  /** Which tensors the loss makes of a vocabulary's logits. */
  readonly copies: LogitCopies;
  /** Whether it runs with flash attention. */
  readonly takesFlash: boolean;
}

const BERT: EncoderFamily = {
  norms: "behind",
  norm: "layer",
  activation: [["hidden_act"], "gelu"],
  dropout: {
    attention: [["attention_probs_dropout_prob"], 0.1],
    residual: [["hidden_dropout_prob"], 0.1],
    mlp: [[], 0],
  },
  dropsAttended: true,
  dropsLast: false,
  bias: null,
  copiesHeads: false,
  wideSoftmax: false,
  rotary: false,
  caches: false,
  scaledEmbeddings: "never",
  ownPositions: false,
  frozen: null,
  holds: "the embeddings",
  holdsInner: true,
  copies: "none",
  takesFlash: true,
};

const ROBERTA: EncoderFamily = { ...BERT, ownPositions: true };

const T5: EncoderFamily = {
  ...BERT,
  norms: "before",
  norm: "t5",
  activation: [["feed_forward_proj"], "relu"],
  dropout: {
    attention: [["dropout_rate"], 0.1],
    residual: [["dropout_rate"], 0.1],
    mlp: [["dropout_rate"], 0.1],
  },
  dropsLast: true,
  bias: "first layer",
  caches: true,
  holds: "words",
  holdsInner: false,
  takesFlash: false,
};

const BART: EncoderFamily = {
  ...BERT,
  activation: [["activation_function"], "gelu"],
  dropout: {
    attention: [["attention_dropout"], 0],
    residual: [["dropout"], 0.1],
    mlp: [["activation_dropout"], 0],
  },
  scaledEmbeddings: "by config",
  holds: "words",
  holdsInner: false,
};

/**
 * Families by model type.
 *
 * Sources: huggingface/transformers models/bert, roberta, distilbert, electra,
 * modernbert, t5, umt5, bart, mbart, pegasus, whisper: modeling_*.py and
 * configuration_*.py
 */
const FAMILIES: Readonly<Record<string, EncoderFamily>> = {
  bert: BERT,
  electra: BERT,
  roberta: ROBERTA,
  "xlm-roberta": ROBERTA,
  camembert: ROBERTA,
  distilbert: {
    ...BERT,
    activation: [["activation"], "gelu"],
    dropout: {
      attention: [["attention_dropout"], 0.1],
      residual: [["dropout"], 0.1],
      mlp: [[], 0],
    },
    dropsAttended: false,
    holdsInner: false,
  },
  modernbert: {
    ...BERT,
    norms: "before",
    activation: [["hidden_activation"], "gelu"],
    dropout: {
      attention: [["attention_dropout"], 0],
      residual: [["embedding_dropout"], 0],
      mlp: [["mlp_dropout"], 0],
    },
    wideSoftmax: true,
    rotary: true,
    holds: null,
    holdsInner: false,
    copies: "float",
  },
  t5: T5,
  mt5: { ...T5, activation: [["feed_forward_proj"], "gated-gelu"] },
  umt5: {
    ...T5,
    activation: [["feed_forward_proj"], "gated-gelu"],
    bias: "each layer",
  },
  bart: BART,
  mbart: { ...BART, norms: "before" },
  pegasus: { ...BART, norms: "before", frozen: /embed_positions\.weight$/ },
  whisper: {
    ...BART,
    norms: "before",
    dropout: {
      attention: [["attention_dropout"], 0],
      residual: [["dropout"], 0],
      mlp: [["activation_dropout"], 0],
    },
    copiesHeads: true,
    scaledEmbeddings: "never",
    frozen: /encoder\.embed_positions\.weight$/,
  },
};

/** The family of a model type; null for decoders and what is not known. */
export function encoderFamilyOf(type: string): EncoderFamily | null {
  return Object.hasOwn(FAMILIES, type) ? FAMILIES[type] ?? null : null;
}

/**
 * Names of parameters that never train: those of the family, and an embedding
 * that nobody reads because each stack has one of its own.
 */
export function frozenOf(
  { frozen }: EncoderFamily,
  model: Model,
): RegExp | null {
  const apart = model.tensors.some(({ name }) =>
    /encoder\.embed_tokens\.weight$/.test(name)
  );
  if (!apart) return frozen;
  return new RegExp(`(^|\\.)shared\\.weight$|${frozen?.source ?? "(?!)"}`);
}

/** A number of a config, under the first of its names that has one. */
export function numberOf(
  config: Readonly<Record<string, unknown>>,
  [keys, fallback]: Setting,
): number {
  const stated = keys.map((key) => config[key]).find((value) =>
    typeof value === "number"
  );
  return typeof stated === "number" ? stated : fallback;
}
