import { allLayers } from "../tensors/layer_ranges.ts";
import {
  listOf,
  pairOf,
  sizeOr,
  twoLinears,
  vitAttention,
} from "./blocks_vision.ts";
import { LATENT_CACHE } from "./code/parts.ts";
import { deepseekV3 } from "./deepseek.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { sensing } from "./recent_sight.ts";
import type { TowerFamily } from "./towers/tower.ts";
import { projector, tower } from "./vision_language.ts";

/** MoonViT for pictures and films: positions in space learned, in time not. */
const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1152);
  const heads = sizeOr(config, "num_attention_heads", 16) || 1;
  const patch = pairOf(config, "patch_size", 14);
  const embed = scope.scope("patch_embed");
  embed.conv("proj", [width, 3, ...patch], { bias: true });
  embed.parameter("pos_emb.position_embeddings", [
    sizeOr(config, "pos_emb_height", 64),
    sizeOr(config, "pos_emb_width", 64),
    width,
  ], { role: "position" });
  const times = sizeOr(config, "pos_emb_time", 4) + 1;
  embed.buffer("pos_emb.time_position_embeddings", [times, width], 4);
  const layer = scope.layers(
    "layers",
    allLayers(sizeOr(config, "num_hidden_layers", 27)),
  );
  layer.norm("norm1", width, { bias: true });
  layer.norm("norm2", width, { bias: true });
  vitAttention(layer.scope("attn"), width, { output: "proj" });
  const inner = sizeOr(config, "intermediate_size", 4304);
  twoLinears(layer.scope("mlp"), width, inner);
  scope.norm("final_layernorm", width, { bias: true });
  const frequencies = Math.floor(Math.floor(width / heads) / 4);
  scope.buffer("rotary_emb.inv_freq", [frequencies], 4);
  scope.buffer("rotary_emb.original_inv_freq", [frequencies], 4);
};

/**
 * Kimi K2.5: MoonViT before DeepSeek-V3's build.
 *
 * Source: huggingface/transformers models/kimi_k25/modeling_kimi_k25.py
 */
export const kimiK25 = sensing({
  decoder: deepseekV3,
  defaults: {
    vocab_size: 129_280,
    hidden_size: 7_168,
    intermediate_size: 18_432,
    moe_intermediate_size: 2_048,
    num_hidden_layers: 61,
    num_attention_heads: 128,
    n_routed_experts: 256,
    n_shared_experts: 1,
    first_k_dense_replace: 3,
    q_lora_rank: 1_536,
    kv_lora_rank: 512,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
  },
  sight({ config, vision: seen, hidden }, scope) {
    tower(vision, seen, scope);
    const at = projector(scope, "model.mm_projector");
    const [height = 2, width = 2] = listOf(seen, "merge_kernel_size") ?? [];
    const merged = sizeOr(seen, "hidden_size", 1152) * height * width;
    at.norm("pre_norm", sizeOr(config, "projection_hidden_size", 1152), {
      bias: true,
    });
    at.linear("in_proj", merged, merged, { role: "projector", bias: true });
    at.linear("out_proj", merged, hidden, { role: "projector", bias: true });
  },
});

/** Kimi K2.5. */
export const KIMI_K25_TYPES: FamilyTypes = {
  kimi_k25: ofType(kimiK25, LATENT_CACHE),
};
