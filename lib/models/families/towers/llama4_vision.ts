import { allLayers } from "../../tensors/layer_ranges.ts";
import { isBeforeRelease } from "../before_release.ts";
import {
  patchesOf,
  sizeOr,
  twoLinears,
  vitAttention,
} from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * Llama 4's vision transformer: patches by a linear layer, and an adapter that
 * shuffles neighbouring patches into one.
 *
 * Source: huggingface/transformers models/llama4/modeling_llama4.py
 */
export const llama4Vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 768);
  const intermediate = sizeOr(config, "intermediate_size", 5632);
  const { patches, kernel } = patchesOf(config, { image: 448, patch: 14 });
  scope.parameter("class_embedding", [width], { role: "other" });
  scope.parameter("positional_embedding_vlm", [patches + 1, width], {
    role: "position",
  });
  const channels = sizeOr(config, "num_channels", 3);
  scope.linear(
    "patch_embedding.linear",
    channels * kernel[0] * kernel[1],
    width,
    { role: "conv" },
  );
  scope.norm("layernorm_pre", width, { bias: true });
  scope.norm("layernorm_post", width, { bias: true });
  const layer = scope.layers(
    "model.layers",
    allLayers(sizeOr(config, "num_hidden_layers", 34)),
  );
  const heads = Math.max(1, sizeOr(config, "num_attention_heads", 16));
  vitAttention(layer.scope("self_attn"), width, { output: "o_proj", heads });
  twoLinears(layer.scope("mlp"), width, intermediate);
  layer.norm("input_layernorm", width, { bias: true });
  layer.norm("post_attention_layernorm", width, { bias: true });
  if (!isBeforeRelease(config)) {
    // Complex numbers: a pair of axes for each of half a head's channels.
    const axis = Math.floor(Math.floor(width / heads) / 2);
    scope.buffer(
      "rotary_embedding.freqs_ci",
      [patches + 1, 1, 2 * Math.floor(axis / 2)],
      8,
    );
  }
  const adapter = scope.scope("vision_adapter.mlp");
  const inner = sizeOr(config, "projector_input_dim", 4096);
  const outputs = sizeOr(config, "projector_output_dim", 4096);
  adapter.linear("fc1", intermediate, inner, { role: "up", cut: "column" });
  adapter.linear("fc2", outputs, outputs, { role: "down", cut: "row" });
};
