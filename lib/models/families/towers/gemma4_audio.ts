import type { ConfigReader } from "../../tensors/config_reader.ts";
import { allLayers } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { sizeOr } from "../blocks_vision.ts";
import { clippable } from "./gemma4_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * Gemma 4's audio conformer.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py
 */
export const gemma4Audio: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1024);
  const heads = Math.max(1, sizeOr(config, "num_attention_heads", 8));
  const headDim = Math.floor(width / heads);
  const inner = heads * headDim;
  subsample(config, scope.scope("subsample_conv_projection"), width);
  scope.buffer(
    "rel_pos_enc.inv_timescales",
    [1, 1, Math.floor(width / 2)],
    4,
  );
  const layer = scope.layers(
    "layers",
    allLayers(sizeOr(config, "num_hidden_layers", 12)),
  );
  const linear = clippable(config.flag("use_clipped_linears", true));
  const cut = "column";
  for (const name of ["feed_forward1", "feed_forward2"]) {
    const at = layer.scope(name);
    linear(at, "ffw_layer_1", [width, 4 * width], { role: "up", cut });
    linear(at, "ffw_layer_2", [4 * width, width], { role: "down", cut: "row" });
    at.norm("pre_layer_norm", width);
    at.norm("post_layer_norm", width);
  }
  const at = layer.scope("self_attn");
  at.parameter("per_dim_scale", [headDim], { role: "attention" });
  for (const role of ["q", "k", "v"] as const) {
    linear(at, `${role}_proj`, [width, inner], { role, cut });
  }
  linear(at, "post", [width, width], { role: "o", cut: "row" });
  at.linear("relative_k_proj", width, inner, { role: "position", cut });
  at.buffer("softcap", [], 4);
  const conv = layer.scope("lconv1d");
  linear(conv, "linear_start", [width, 2 * width], { role: "conv" });
  linear(conv, "linear_end", [width, width], { role: "conv" });
  const kernel = sizeOr(config, "conv_kernel_size", 5);
  conv.conv("depthwise_conv1d", [width, 1, kernel]);
  conv.norm("pre_layer_norm", width);
  conv.norm("conv_norm", width);
  for (const name of ["norm_pre_attn", "norm_post_attn", "norm_out"]) {
    layer.norm(name, width);
  }
  scope.linear("output_proj", width, sizeOr(config, "output_proj_dims", 1536), {
    role: "projector",
    bias: true,
  });
};

/** Two convolutions that halve both directions, and a projection. */
function subsample(config: ConfigReader, at: TensorScope, width: number): void {
  const [first = 128, second = 32] = config.numbers(
    "subsampling_conv_channels",
  );
  [[1, first] as const, [first, second] as const].forEach(
    ([inputs, outputs], layer) => {
      at.conv(`layer${layer}.conv`, [outputs, inputs, 3, 3]);
      at.norm(`layer${layer}.norm`, outputs);
    },
  );
  at.linear("input_proj_linear", Math.floor(first / 4) * second, width, {
    role: "projector",
  });
}
