import { allLayers } from "../../tensors/layer_ranges.ts";
import type { LinearOptions, TensorScope } from "../../tensors/tensor_scope.ts";
import { sizeOr } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * Gemma 4's vision transformer: rotation in two directions beside learned
 * positions, and norms as in its decoder.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py
 */
export const gemma4Vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 768);
  const intermediate = sizeOr(config, "intermediate_size", 3072);
  const heads = sizeOr(config, "num_attention_heads", 12);
  const kvHeads = sizeOr(config, "num_key_value_heads", 12);
  const headDim = sizeOr(config, "head_dim", 64);
  const positions = sizeOr(config, "position_embedding_size", 10_240);
  const embedder = scope.scope("patch_embedder");
  embedder.linear(
    "input_proj",
    3 * sizeOr(config, "patch_size", 16) ** 2,
    width,
    {
      role: "other",
    },
  );
  embedder.parameter("position_embedding_table", [2, positions, width], {
    role: "position",
  });
  const clipped = config.flag("use_clipped_linears", false);
  const layer = scope.layers(
    "encoder.layers",
    allLayers(sizeOr(config, "num_hidden_layers", 16)),
  );
  const linear = clippable(clipped);
  const at = layer.scope("self_attn");
  const cut = "column";
  linear(at, "q_proj", [width, heads * headDim], { role: "q", cut });
  linear(at, "k_proj", [width, kvHeads * headDim], { role: "k", cut });
  linear(at, "v_proj", [width, kvHeads * headDim], { role: "v", cut });
  linear(at, "o_proj", [heads * headDim, width], { role: "o", cut: "row" });
  at.norm("q_norm", headDim);
  at.norm("k_norm", headDim);
  const mlp = layer.scope("mlp");
  linear(mlp, "gate_proj", [width, intermediate], { role: "gate", cut });
  linear(mlp, "up_proj", [width, intermediate], { role: "up", cut });
  linear(mlp, "down_proj", [intermediate, width], { role: "down", cut: "row" });
  for (const name of ["input", "post_attention", "pre_feedforward"]) {
    layer.norm(`${name}_layernorm`, width);
  }
  layer.norm("post_feedforward_layernorm", width);
  for (const name of ["inv_freq", "original_inv_freq"]) {
    scope.buffer(`encoder.rotary_emb.${name}`, [Math.floor(headDim / 4)], 4);
  }
  if (config.flag("standardize", false)) {
    scope.buffer("std_bias", [width], 4);
    scope.buffer("std_scale", [width], 4);
  }
};

/** Linears that keep the bounds of what goes in and out, if they clip. */
export function clippable(clipped: boolean) {
  return (
    at: TensorScope,
    name: string,
    [inputs, outputs]: readonly [inputs: number, outputs: number],
    options: LinearOptions,
  ): void => {
    at.linear(`${name}.linear`, inputs, outputs, options);
    if (!clipped) return;
    for (
      const bound of ["input_min", "input_max", "output_min", "output_max"]
    ) {
      at.buffer(`${name}.${bound}`, [], 4);
    }
  };
}
