import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import {
  classifierHead,
  labelsOf,
  taskOf,
  transformerLayer,
  vocabularyHead,
} from "./blocks_classic.ts";
import type { Family } from "./family.ts";

/**
 * BART: an encoder and a decoder with learned positions and one embedding. With
 * a head for generation, or for classification where the config was saved so.
 *
 * Source: huggingface/transformers models/bart/modeling_bart.py
 */
export const bart: Family = (config, scope) => {
  const width = config.size("d_model", "hidden_size");
  const vocabulary = config.size("vocab_size");
  const tied = config.flag("tie_word_embeddings", true);
  const model = scope.scope("model");
  model.embedding("shared", vocabulary, width);
  for (const name of ["encoder", "decoder"] as const) {
    const stack = model.scope(name);
    if (!tied) stack.embedding("embed_tokens", vocabulary, width);
    declare(config, stack, name);
  }
  if (taskOf(config) === "ForSequenceClassification") {
    classifier(config, scope.scope("classification_head"), width);
    return;
  }
  vocabularyHead(scope, "lm_head", [width, vocabulary], { tied });
  scope.buffer("final_logits_bias", [1, vocabulary], 4);
};

function declare(
  config: ConfigReader,
  stack: TensorScope,
  name: "encoder" | "decoder",
): void {
  const width = config.size("d_model", "hidden_size");
  stack.embedding(
    "embed_positions",
    (config.optional("max_position_embeddings") ?? 1024) + 2,
    width,
    "position",
  );
  transformerLayer(
    stack.layers("layers", allLayers(config.size(`${name}_layers`))),
    width,
    config.size(`${name}_ffn_dim`),
    { crossAttention: name === "decoder" },
  );
  stack.norm("layernorm_embedding", width, { bias: true });
}

function classifier(
  config: ConfigReader,
  at: TensorScope,
  width: number,
): void {
  const labels = labelsOf(config, 3);
  at.linear("dense", width, width, { role: "other", bias: true });
  classifierHead(at, "out_proj", width, labels);
}
