import { withClasses } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { BERT } from "./bert.ts";
import {
  classifierHead,
  labelsOf,
  taskOf,
  transformerLayer,
  vocabularyHead,
} from "./blocks_classic.ts";
import type { EncoderCode } from "./code/encoder.ts";
import { UNTURNED } from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import { BART_CLASSES } from "./encoder_decoder_classes.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/** How the encoder-decoders of BART's build differ. */
interface Build {
  /** Rows of the table of positions beyond the longest text. */
  spare: number;
  /** Whether embeddings are normed before the layers. */
  before: boolean;
  /** Whether a stack ends in a norm. */
  after: boolean;
  /** Classes that a classifier tells apart when the config does not say. */
  labels: number;
}

/**
 * BART: an encoder and a decoder with learned positions and one embedding. With
 * a head for generation, or for classification where the config was saved so.
 *
 * Source: huggingface/transformers models/bart/modeling_bart.py
 */
export const bart = family({ spare: 2, before: true, after: false, labels: 3 });

/**
 * mBART: BART normed at both ends.
 *
 * Source: huggingface/transformers models/mbart/modeling_mbart.py
 */
export const mbart = family({ spare: 2, before: true, after: true, labels: 2 });

/**
 * Pegasus: BART normed at the end, whose waves of positions are parameters.
 *
 * Source: huggingface/transformers models/pegasus/modeling_pegasus.py
 */
export const pegasus = family({
  spare: 0,
  before: false,
  after: true,
  labels: 2,
});

function family(build: Build): Family {
  return (config, scope) => {
    const width = config.size("d_model", "hidden_size");
    const vocabulary = config.size("vocab_size");
    const tied = config.flag("tie_word_embeddings", true);
    const model = scope.scope("model");
    model.embedding("shared", vocabulary, width);
    for (const name of ["encoder", "decoder"] as const) {
      const stack = model.scope(name);
      if (!tied) stack.embedding("embed_tokens", vocabulary, width);
      declare(config, stack, name, build);
    }
    if (taskOf(config) === "ForSequenceClassification") {
      const labels = labelsOf(config, build.labels);
      classifier(scope.scope("classification_head"), width, labels);
      return;
    }
    vocabularyHead(scope, "lm_head", [width, vocabulary], { tied });
    scope.buffer("final_logits_bias", [1, vocabulary], 4);
  };
}

function declare(
  config: ConfigReader,
  stack: TensorScope,
  name: "encoder" | "decoder",
  { spare, before, after }: Build,
): void {
  const width = config.size("d_model", "hidden_size");
  stack.embedding(
    "embed_positions",
    (config.optional("max_position_embeddings") ?? 1024) + spare,
    width,
    "position",
  );
  transformerLayer(
    stack.layers("layers", allLayers(config.size(`${name}_layers`))),
    width,
    config.size(`${name}_ffn_dim`),
    { crossAttention: name === "decoder" },
  );
  if (before) stack.norm("layernorm_embedding", width, { bias: true });
  if (after) stack.norm("layer_norm", width, { bias: true });
}

function classifier(at: TensorScope, width: number, labels: number): void {
  at.linear("dense", width, width, { role: "other", bias: true });
  classifierHead(at, "out_proj", width, labels);
}

/** BART's code, which others are built like. */
export const BART: EncoderCode = {
  ...BERT,
  activation: [["activation_function"], "gelu"],
  dropout: {
    attention: [["attention_dropout"], 0],
    residual: [["dropout"], 0.1],
    mlp: [["activation_dropout"], 0],
    spans: [[], 0],
  },
  scaledEmbeddings: "by config",
  clamps: true,
  holds: "words",
  holdsInner: false,
};

/** The types of this file. */
export const BART_TYPES: FamilyTypes = {
  bart: ofClasses(withClasses(bart, BART_CLASSES), UNTURNED, {
    cache: { crosses: true },
    encoder: BART,
    peft: QUERY_VALUE,
  }),
  mbart: ofClasses(withClasses(mbart, BART_CLASSES), UNTURNED, {
    cache: { crosses: true },
    encoder: { ...BART, norms: "before" },
  }),
  pegasus: ofClasses(withClasses(pegasus, BART_CLASSES), UNTURNED, {
    cache: { crosses: true },
    encoder: { ...BART, norms: "before", frozen: /embed_positions\.weight$/ },
  }),
};
