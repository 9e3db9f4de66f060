import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp, stackedExperts } from "./blocks.ts";
import { latentAttentionTensors } from "./blocks_recent.ts";
import { listOf, pairOf, sizeOr } from "./blocks_vision.ts";
import { LATENT_CACHE, WIDE_SIGMOIDS } from "./code/parts.ts";
import { NOT_YET } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { headOf, ofType } from "./family.ts";
import { KIMI_CODE, kimiText } from "./kimi_linear.ts";
import type { TowerFamily } from "./towers/tower.ts";

/**
 * Kimi K3's language model: Kimi Linear whose latent attention has a gate,
 * whose experts work in a narrower space, and whose residuals are attended to.
 *
 * Source: huggingface/transformers models/kimi_k3/modular_kimi_k3.py, and the
 * names in the weights of moonshotai/Kimi-K3; rounded totals alone are checked
 */
const kimiK3Text = kimiText({
  attention(at, sizes) {
    latentAttentionTensors(at, sizes);
    at.linear("g_proj", sizes.hidden, sizes.heads * sizes.value, {
      role: "attention",
      cut: "column",
    });
  },
  experts,
  residuals(layer, scope, hidden) {
    attendedResidual(layer, "self_attention_res", hidden);
    attendedResidual(layer, "mlp_res", hidden);
    attendedResidual(scope, "output_attn_res", hidden);
  },
});

/** A query of its own for each residual connection, and the norm of its keys. */
function attendedResidual(
  at: TensorScope,
  name: string,
  hidden: number,
): void {
  // transformers leaves them in fp32: _keep_in_fp32_modules_strict.
  const dtype = "fp32";
  at.parameter(`${name}_proj.weight`, [1, hidden], { role: "other", dtype });
  at.parameter(`${name}_norm.weight`, [hidden], { role: "norm", dtype });
}

/** Routed experts of a latent width, and shared ones of the model's. */
function experts(
  config: ConfigReader,
  layer: TensorScope,
  hidden: number,
): void {
  const count = config.size("num_experts", "num_local_experts");
  const intermediate = config.size("moe_intermediate_size");
  const latent = config.optional("routed_expert_hidden_size") ?? hidden;
  const at = layer.scope("block_sparse_moe");
  at.parameter("gate.weight", [count, hidden], { role: "router" });
  at.buffer("gate.e_score_correction_bias", [count], 4);
  stackedExperts(at.scope("experts"), {
    experts: count,
    hidden: latent,
    intermediate,
  });
  if (latent !== hidden) {
    at.linear("routed_expert_down_proj", hidden, latent, { role: "other" });
    at.linear("routed_expert_up_proj", latent, hidden, { role: "other" });
    if (config.flag("latent_moe_use_norm", true)) {
      at.norm("routed_expert_norm", latent);
    }
  }
  const shared = config.optional("num_shared_experts") ?? 1;
  gatedMlp(layer, hidden, shared * intermediate, {
    name: "block_sparse_moe.shared_experts",
  });
}

/** MoonViT with RMS norms, no biases, and heads wider than the width's share. */
const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "vt_hidden_size", 1024);
  const inner = sizeOr(config, "vt_intermediate_size", 4096);
  const queries = sizeOr(config, "qkv_hidden_size", 1536);
  const embed = scope.scope("patch_embed");
  embed.conv("proj", [width, 3, ...pairOf(config, "patch_size", 14)]);
  embed.parameter("pos_emb.weight", [
    sizeOr(config, "init_pos_emb_height", 64),
    sizeOr(config, "init_pos_emb_width", 64),
    width,
  ], { role: "position" });
  const layer = scope.layers(
    "encoder.blocks",
    allLayers(sizeOr(config, "vt_num_hidden_layers", 27)),
  );
  layer.norm("norm0", width);
  layer.norm("norm1", width);
  layer.linear("mlp.fc0", width, inner, { role: "up", cut: "column" });
  layer.linear("mlp.fc1", inner, width, { role: "down", cut: "row" });
  layer.linear("wqkv", width, 3 * queries, { role: "qkv", cut: "column" });
  layer.linear("wo", queries, width, { role: "o", cut: "row" });
  scope.norm("encoder.final_layernorm", width);
};

/** Kimi K3: MoonViT, two projections and a norm, before its language model. */
const kimiK3: Family = (config, scope) => {
  const seen = config.inner("vision_config");
  const text = config.inner("text_config");
  const hidden = text.size("hidden_size");
  vision(seen, scope.scope("vision_tower", "vision_tower"));
  const [height = 2, width = 2] = listOf(seen, "merge_kernel_size") ?? [];
  const merged = sizeOr(seen, "mm_hidden_size", 1024) * height * width;
  const at = scope.scope("mm_projector", "projector");
  at.linear("proj.0", merged, merged, { role: "projector" });
  at.linear("proj.2", merged, hidden, { role: "projector" });
  at.norm("post_norm", hidden);
  const language = scope.scope("language_model");
  kimiK3Text.body(text, language.scope(kimiK3Text.prefix));
  headOf(kimiK3Text, text, language, false);
};

/** The types of this file. */
export const KIMI_K3_TYPES: FamilyTypes = {
  kimi_k3: {
    ...ofType(kimiK3, WIDE_SIGMOIDS, LATENT_CACHE, KIMI_CODE, {
      unplayed: `, whose layers read those before them, ${NOT_YET}`,
    }),
    isPartly: () => true,
  },
};
