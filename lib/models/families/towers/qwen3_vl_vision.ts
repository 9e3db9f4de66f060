import { allLayers } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { listOf, sizeOr, twoLinears } from "../blocks_vision.ts";
import { patchEmbedding, qwenBlocks } from "./qwen2_vl_vision.ts";
import type { TowerFamily } from "./tower.ts";

/** Layers whose output goes to the language model when the config is silent. */
const DEEPSTACK = 3;

/**
 * Qwen3-VL's vision transformer: learned positions beside rotary ones, and a
 * merger for each layer that the language model sees (deepstack).
 *
 * Source: huggingface/transformers models/qwen3_vl/modeling_qwen3_vl.py
 */
export const qwen3VlVision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1152);
  patchEmbedding(config, scope, { width, patch: 16, bias: true });
  scope.embedding(
    "pos_embed",
    sizeOr(config, "num_position_embeddings", 2304),
    width,
    "position",
  );
  const block = qwenBlocks(config, scope, { width, layers: 27, bias: true });
  twoLinears(
    block.scope("mlp"),
    width,
    sizeOr(config, "intermediate_size", 4304),
    { names: ["linear_fc1", "linear_fc2"] },
  );
  const merged = width * sizeOr(config, "spatial_merge_size", 2) ** 2;
  const outputs = sizeOr(config, "out_hidden_size", 3584);
  const merger = (at: TensorScope, normed: number) => {
    at.norm("norm", normed, { bias: true });
    at.linear("linear_fc1", merged, merged, { role: "projector", bias: true });
    at.linear("linear_fc2", merged, outputs, { role: "projector", bias: true });
  };
  merger(scope.scope("merger", "projector"), width);
  const deepstack = listOf(config, "deepstack_visual_indexes")?.length ??
    DEEPSTACK;
  merger(
    scope.as("projector").layers(
      "deepstack_merger_list",
      allLayers(deepstack),
    ),
    merged,
  );
};
