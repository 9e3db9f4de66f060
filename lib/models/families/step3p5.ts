import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import { gatedMlp } from "./blocks.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { byLayer } from "./code/cache.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Step-3.5: windows in most layers, with more heads there, a gate a head, and
 * experts beside a shared one. The layers that predict further tokens are not
 * declared.
 *
 * Source: NVIDIA-NeMo/Automodel components/models/step3p5, Blaizzy/mlx-vlm
 * models/step3p5
 */
export const step3p5: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const count = config.size("num_hidden_layers");
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers("layers", allLayers(count));
    const kinds = config.texts("layer_types");
    const isWindowed = (at: number) => kinds[at] === "sliding_attention";
    const other = config.inner("attention_other_setting");
    for (const windowed of [false, true]) {
      const own = layersWhere(count, (at) => isWindowed(at) === windowed);
      if (own.length === 0) continue;
      const said = windowed && other.has("num_attention_heads")
        ? other
        : config;
      const heads = said.size("num_attention_heads");
      const groups = said.optional("num_attention_groups") ??
        config.size("num_attention_groups");
      const each = config.size("head_dim");
      const at = scope.layers("layers", own).scope("self_attn");
      at.linear("q_proj", hidden, heads * each, { role: "q", cut: "column" });
      at.linear("k_proj", hidden, groups * each, { role: "k", cut: "column" });
      at.linear("v_proj", hidden, groups * each, { role: "v", cut: "column" });
      at.linear("o_proj", heads * each, hidden, { role: "o", cut: "row" });
      at.norm("q_norm", each);
      at.norm("k_norm", each);
      if (config.flag("use_head_wise_attn_gate", true)) {
        at.linear("g_proj", hidden, heads, { role: "other", cut: "column" });
      }
    }
    const sparse = sparseOf(config);
    gatedMlp(
      scope.layers("layers", layersWhere(count, (at) => !sparse.has(at))),
      hidden,
      config.size("intermediate_size"),
    );
    const experts = scope.layers(
      "layers",
      layersWhere(count, (at) => sparse.has(at)),
    );
    const shared = config.optional("share_expert_dim") ?? 0;
    if (shared > 0) gatedMlp(experts, hidden, shared, { name: "share_expert" });
    const each = config.size("moe_num_experts");
    const inner = config.size("moe_intermediate_size");
    const moe = experts.scope("moe");
    moe.linear("gate", hidden, each, { role: "router" });
    if (config.flag("use_moe_router_bias", true)) {
      moe.parameter("router_bias", [each], { role: "router" });
    }
    for (
      const [name, role, shape] of [
        ["gate_proj", "gate", [each, inner, hidden]],
        ["up_proj", "up", [each, inner, hidden]],
        ["down_proj", "down", [each, hidden, inner]],
      ] as const
    ) {
      const split = role === "down" ? 2 : 1;
      moe.parameter(`${name}.weight`, shape, { role, split, expert: true });
    }
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
  },
};

/** Layers with experts: listed, or written with commas; all but the first. */
export function sparseOf(config: ConfigReader): ReadonlySet<number> {
  const said = config.raw("moe_layers_enum");
  if (typeof said === "string") return new Set(said.split(",").map(Number));
  if (said !== null) return new Set(config.numbers("moe_layers_enum"));
  const count = config.size("num_hidden_layers");
  return new Set(Array.from({ length: count - 1 }, (_, at) => at + 1));
}

/** The types of this file. */
export const STEP3P5_TYPES: FamilyTypes = {
  step3p5: {
    ...ofType(causal(step3p5), {
      unplayed: UNPLAYED,
      cache: byLayer((layer, text) => {
        const kinds = text["layer_types"];
        return Array.isArray(kinds) && kinds[layer] === "sliding_attention"
          ? "sliding_attention"
          : "full_attention";
      }),
    }),
    isPartly: () => true,
  },
};
