import type { ConfigReader } from "../../tensors/config_reader.ts";
import { allLayers } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { sizeOr } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * Gemma 3n's audio conformer (USM).
 *
 * Source: huggingface/transformers models/gemma3n/modeling_gemma3n.py
 */
export const gemma3nAudio: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1536);
  subsample(config, scope.scope("subsample_conv_projection"), width);
  const layer = scope.layers(
    "conformer",
    allLayers(sizeOr(config, "conf_num_hidden_layers", 12)),
  );
  const cut = "column";
  for (const name of ["ffw_layer_start", "ffw_layer_end"]) {
    const at = layer.scope(name);
    at.norm("pre_layer_norm", width);
    at.linear("ffw_layer_1", width, 4 * width, { role: "up", cut });
    at.linear("ffw_layer_2", 4 * width, width, { role: "down", cut: "row" });
    at.norm("post_layer_norm", width);
    clipping(at);
  }
  attend(config, layer.scope("attention"), width);
  const conv = layer.scope("lconv1d");
  conv.norm("pre_layer_norm", width);
  conv.linear("linear_start", width, 2 * width, { role: "conv" });
  const kernel = sizeOr(config, "conf_conv_kernel_size", 5);
  conv.conv("depthwise_conv1d", [width, 1, kernel]);
  conv.norm("conv_norm", width);
  conv.linear("linear_end", width, width, { role: "conv" });
  clipping(conv);
  layer.norm("norm", width);
  clipping(layer);
};

function clipping(at: TensorScope): void {
  at.buffer("gradient_clipping", [], 4);
}

function attend(config: ConfigReader, block: TensorScope, width: number): void {
  const heads = sizeOr(config, "conf_num_attention_heads", 8) || 1;
  const headDim = Math.floor(width / heads);
  const inner = heads * headDim;
  const cut = "column";
  block.norm("pre_attn_norm", width);
  const at = block.scope("attn");
  at.parameter("per_dim_scale", [headDim], { role: "attention" });
  const relative = at.scope("relative_position_embedding");
  relative.linear("pos_proj", width, inner, { role: "position", cut });
  relative.buffer("inv_timescales", [1, 1, Math.floor(width / 2)], 4);
  for (const role of ["q", "k", "v"] as const) {
    at.linear(`${role}_proj`, width, inner, { role, cut });
  }
  at.buffer("q_scale", [], 4);
  const chunk = sizeOr(config, "conf_attention_chunk_size", 12);
  const left = sizeOr(config, "conf_attention_context_left", 13);
  const right = sizeOr(config, "conf_attention_context_right", 0);
  const context = chunk + Math.max(0, left - 1) + right;
  at.buffer("local_causal_valid_mask", [chunk, context], 1);
  at.buffer("softcap", [], 4);
  block.linear("post", width, width, { role: "o", cut: "row" });
  block.norm("post_norm", width);
  clipping(block);
}

/** Two convolutions over time and frequency, and a projection. */
function subsample(config: ConfigReader, at: TensorScope, width: number): void {
  const [first = 128, second = 32] = config.numbers("sscp_conv_channel_size");
  let frequencies = sizeOr(config, "input_feat_size", 128);
  [[1, first] as const, [first, second] as const].forEach(
    ([inputs, outputs], layer) => {
      at.conv(`conv_${layer}.conv`, [outputs, inputs, 3, 3]);
      at.norm(`conv_${layer}.norm`, outputs);
      frequencies = Math.floor((frequencies - 1) / 2) + 1;
    },
  );
  at.linear("input_proj_linear", second * frequencies, width, {
    role: "projector",
  });
}
