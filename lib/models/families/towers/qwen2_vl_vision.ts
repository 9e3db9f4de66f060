import type { ConfigReader } from "../../tensors/config_reader.ts";
import { allLayers } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { isBeforeRelease } from "../before_release.ts";
import { gatedMlp } from "../blocks.ts";
import { pairOf, sizeOr, twoLinears } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * Qwen2-VL's vision transformer: a fused qkv, and a merger of neighbouring
 * patches that ends at the language model's width.
 *
 * Source: huggingface/transformers models/qwen2_vl/modeling_qwen2_vl.py
 */
export const qwen2VlVision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "embed_dim", 1280);
  patchEmbedding(config, scope, { width, patch: 14 });
  const block = qwenBlocks(config, scope, { width, layers: 32, bias: true });
  const ratio = Math.max(0, config.number("mlp_ratio", 4));
  twoLinears(block.scope("mlp"), width, Math.floor(width * ratio));
  merger(config, scope, {
    width,
    bias: true,
    outputs: sizeOr(config, "hidden_size", 3584),
  });
};

/**
 * Qwen2.5-VL's: RMS norms and a gated MLP with biases.
 *
 * Source: huggingface/transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py
 */
export const qwen25VlVision = gated();

/**
 * EXAONE 4.5's: the same with keys and values that heads share.
 *
 * Source: huggingface/transformers models/exaone4_5/modeling_exaone4_5.py
 */
export const exaone45Vision = gated({ kvHeads: 8 });

/** @param shared The heads of keys and values when the config does not say. */
function gated(shared: { kvHeads?: number } = {}): TowerFamily {
  return (config, scope) => {
    const width = sizeOr(config, "hidden_size", 3584);
    patchEmbedding(config, scope, { width, patch: 14 });
    const block = qwenBlocks(config, scope, { width, layers: 32, ...shared });
    gatedMlp(block, width, sizeOr(config, "intermediate_size", 3420), {
      bias: true,
    });
    merger(config, scope, {
      width,
      outputs: sizeOr(config, "out_hidden_size", 3584),
    });
  };
}

/** The convolution over frames, rows and columns that begins these towers. */
export function patchEmbedding(
  config: ConfigReader,
  scope: TensorScope,
  { width, patch, bias = false }: {
    width: number;
    patch: number;
    bias?: boolean;
  },
): void {
  scope.conv("patch_embed.proj", [
    width,
    sizeOr(config, "in_channels", 3),
    pairOf(config, "temporal_patch_size", 2)[0],
    ...pairOf(config, "patch_size", patch),
  ], { bias });
}

/** Norms and attention of the blocks, and their rotary positions. */
export function qwenBlocks(
  config: ConfigReader,
  scope: TensorScope,
  {
    width,
    layers,
    heads = 16,
    bias = false,
    attentionBias = true,
    outputBias = true,
    kvHeads,
  }: {
    width: number;
    /** Layers and heads when the config does not say. */
    layers: number;
    heads?: number;
    /** Whether the norms have one. */
    bias?: boolean;
    attentionBias?: boolean;
    outputBias?: boolean;
    /** Heads of keys and values when the config does not say; all by default. */
    kvHeads?: number;
  },
): TensorScope {
  const given = config.optional("num_heads", "num_attention_heads");
  const count = Math.max(1, given ?? heads);
  const headDim = Math.floor(width / count);
  const shared = kvHeads === undefined
    ? width
    : headDim * sizeOr(config, "num_key_value_heads", kvHeads);
  // With heads of whole channels, a fused matrix may have fewer queries than features.
  const queries = kvHeads === undefined ? width : count * headDim;
  const frequencies = Math.ceil(Math.floor(headDim / 2) / 2);
  const rotary = scope.scope("rotary_pos_emb");
  rotary.buffer("inv_freq", [frequencies], 4);
  if (!isBeforeRelease(config)) {
    rotary.buffer("original_inv_freq", [frequencies], 4);
  }
  const depth = config.optional("depth", "num_hidden_layers") ?? layers;
  const block = scope.layers("blocks", allLayers(depth));
  block.norm("norm1", width, { bias });
  block.norm("norm2", width, { bias });
  block.linear("attn.qkv", width, queries + 2 * shared, {
    role: "qkv",
    bias: attentionBias,
    cut: "column",
  });
  block.linear("attn.proj", width, width, {
    role: "o",
    bias: outputBias,
    cut: "row",
  });
  return block;
}

function merger(
  config: ConfigReader,
  scope: TensorScope,
  { width, outputs, bias = false }: {
    width: number;
    outputs: number;
    bias?: boolean;
  },
): void {
  const merged = width * sizeOr(config, "spatial_merge_size", 2) ** 2;
  const at = scope.scope("merger", "projector");
  at.norm("ln_q", width, { bias });
  at.linear("mlp.0", merged, merged, { role: "projector", bias: true });
  at.linear("mlp.2", merged, outputs, { role: "projector", bias: true });
}
