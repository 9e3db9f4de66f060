import { allLayers } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { listOf, sizeOr, twoLinears } from "../blocks_vision.ts";
import { patchEmbedding, qwenBlocks } from "./qwen2_vl_vision.ts";
import type { TowerFamily } from "./tower.ts";

/** Layers whose output goes to the language model when the config is silent. */
const DEEPSTACK = 3;

/** What a merger's modules are called. */
interface MergerNames {
  readonly norm: string;
  readonly linears: readonly [string, string];
  readonly deepstack: string;
}

/**
 * Qwen3-VL's vision transformer: learned positions beside rotary ones, and a
 * merger for each layer that the language model sees (deepstack).
 *
 * Source: huggingface/transformers models/qwen3_vl/modeling_qwen3_vl.py
 */
export const qwen3VlVision: TowerFamily = withMergers({
  norm: "norm",
  linears: ["linear_fc1", "linear_fc2"],
  deepstack: "deepstack_merger_list",
});

/**
 * Qwen3-Omni's, whose mergers have other names.
 *
 * Source: huggingface/transformers models/qwen3_omni_moe/modeling_qwen3_omni_moe.py
 */
export const qwen3OmniVision: TowerFamily = withMergers({
  norm: "ln_q",
  linears: ["mlp.0", "mlp.2"],
  deepstack: "merger_list",
});

function withMergers(names: MergerNames): TowerFamily {
  return (config, scope) => {
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
      const [first, second] = names.linears;
      const options = { role: "projector", bias: true } as const;
      at.norm(names.norm, normed, { bias: true });
      at.linear(first, merged, merged, options);
      at.linear(second, merged, outputs, options);
    };
    merger(scope.scope("merger", "projector"), width);
    const deepstack = listOf(config, "deepstack_visual_indexes")?.length ??
      DEEPSTACK;
    merger(
      scope.as("projector").layers(names.deepstack, allLayers(deepstack)),
      merged,
    );
  };
}
