import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";

/**
 * The inputs that every layer gets of each token: a second embedding as wide as
 * all layers' together, and what brings them into a layer.
 *
 * @param inputs The width of a layer's own input.
 */
export function perLayerInputs(
  config: ConfigReader,
  scope: TensorScope,
  layer: TensorScope,
  inputs: number,
): void {
  const hidden = config.size("hidden_size");
  const width = config.size("num_hidden_layers") * inputs;
  const rows = config.optional("vocab_size_per_layer_input") ?? 262_144;
  scope.embedding("embed_tokens_per_layer", rows, width);
  scope.buffer("embed_tokens_per_layer.embed_scale", [], 4);
  scope.linear("per_layer_model_projection", hidden, width, { role: "other" });
  scope.norm("per_layer_projection_norm", inputs);
  layer.linear("per_layer_input_gate", hidden, inputs, { role: "other" });
  layer.linear("per_layer_projection", inputs, hidden, { role: "other" });
  layer.norm("post_per_layer_input_norm", hidden);
}

/** Rotary frequencies of each kind of layer, by the width of its heads. */
export function ropesByKind(
  scope: TensorScope,
  headDims: Readonly<Record<string, number>>,
): void {
  const rotary = scope.scope("rotary_emb");
  for (const [kind, headDim] of Object.entries(headDims)) {
    const frequencies = Math.ceil(headDim / 2);
    rotary.buffer(`${kind}_inv_freq`, [frequencies], 4);
    rotary.buffer(`${kind}_original_inv_freq`, [frequencies], 4);
  }
}
