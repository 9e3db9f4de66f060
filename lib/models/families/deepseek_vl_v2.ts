import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { afterFirst, expertTensors, withShared } from "./blocks_dense.ts";
import { latentAttentionTensors, latentOf } from "./blocks_recent.ts";
import { listOf } from "./blocks_vision.ts";
import type { CodeParts } from "./code/code.ts";
import { numberOf } from "./code/setting.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { headOf, ofClasses } from "./family.ts";
import { ocrEyes, siglipEyes } from "./deepseek_vl_v2_eyes.ts";
import { TEXT_DEFAULTS } from "./text_defaults.ts";

/**
 * DeepSeek-VL2 and DeepSeek-OCR: SigLIP, or SAM and CLIP one after the other,
 * before DeepSeek-V2's experts, with plain attention in the small ones.
 *
 * Source: deepseek-ai/DeepSeek-VL2 deepseek_vl2/models/modeling_deepseek_vl_v2.py
 * and modeling_deepseek.py; the code beside the weights of deepseek-ai/DeepSeek-OCR
 * (modeling_deepseekocr.py, deepencoder.py), as Blaizzy/mlx-vlm models/deepseekocr
 * has it
 */
export const deepseekVlV2: Family = (config, scope) => {
  const text = new ConfigWithDefaults(
    config.inner("language_config"),
    TEXT_DEFAULTS["deepseek_vl_v2"] ?? {},
    "model.config.language_config",
  );
  const seen = config.inner("vision_config");
  // SigLIP has one width, the two towers of DeepSeek-OCR one each.
  const isOcr = typeof (seen.raw("width") ?? 0) === "object";
  const projector = config.inner("projector_config");
  const language = isOcr ? scope : scope.scope("language");
  const model = language.scope("model");
  const around = isOcr ? model : scope;
  if (isOcr) ocrEyes(seen, model);
  else siglipEyes(seen, scope.scope("vision", "vision_tower"));
  joined(config, projector, around.as("projector"));
  decoder(text, model);
  const head = { prefix: "", tied: false, body() {} };
  headOf(head, text, language, text.flag("tie_word_embeddings", false));
};

/** The projector, and the rows between lines and views. */
function joined(
  config: ConfigReader,
  projector: ConfigReader,
  scope: TensorScope,
): void {
  const inputs = projector.optional("input_dim") ?? 1152;
  const outputs = projector.optional("n_embed") ?? 2048;
  const options = { role: "projector", bias: true } as const;
  const at = scope.scope("projector");
  if (projector.text("projector_type", "downsample_mlp_gelu") === "linear") {
    at.linear("layers", inputs, outputs, options);
  } else {
    const ratio = projector.optional("downsample_ratio") ?? 2;
    const inner = outputs * (projector.optional("mlp_ratio") ?? 1);
    const depth = projector.optional("depth") ?? 2;
    at.linear("layers.0", inputs * ratio ** 2, inner, options);
    for (let each = 1; each < Math.min(depth, 8); each++) {
      const last = each === depth - 1 ? outputs : inner;
      at.linear(`layers.${2 * each}`, inner, last, options);
    }
  }
  if (config.text("tile_tag", "2D") === "1D") {
    const tiles = (listOf(config, "candidate_resolutions")?.length ?? 1) + 1;
    scope.parameter("tile_indicators", [tiles, outputs], {
      role: "projector",
    });
    return;
  }
  for (const name of ["image_newline", "view_seperator"]) {
    scope.parameter(name, [outputs], { role: "projector" });
  }
}

function decoder(config: ConfigReader, scope: TensorScope): void {
  const hidden = config.size("hidden_size");
  const count = config.size("num_hidden_layers");
  scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
  const layer = scope.layers("layers", allLayers(count));
  // Without a part that is not turned there is no latent attention.
  if (config.flag("use_mla", (config.optional("qk_nope_head_dim") ?? 0) > 0)) {
    latentAttentionTensors(layer.scope("self_attn"), latentOf(config));
  } else {
    attentionTensors(layer, headsOf(config), {
      bias: config.flag("attention_bias", false),
    });
  }
  const isSparse = afterFirst(config);
  gatedMlp(
    scope.layers("layers", layersWhere(count, (at) => !isSparse(at))),
    hidden,
    config.size("intermediate_size"),
  );
  const isBalanced = config.text("topk_method", "greedy") === "noaux_tc";
  withShared(
    expertTensors({
      countKeys: ["n_routed_experts"],
      widthKeys: ["moe_intermediate_size"],
      ...(isBalanced ? { correction: "gate.e_score_correction_bias" } : {}),
    }),
    {
      name: "mlp.shared_experts",
      width: (each) =>
        each.size("moe_intermediate_size") *
        (each.optional("n_shared_experts") ?? 0),
    },
  )(config, scope.layers("layers", layersWhere(count, isSparse)), hidden);
  layer.norm("input_layernorm", hidden);
  layer.norm("post_attention_layernorm", hidden);
  scope.norm("norm", hidden);
}

/** Keys and values of every head, where attention is plain. */
const CACHE: CodeParts = {
  cache: {
    isLatent: true,
    keeps: (text, usual) => {
      const plain = numberOf(text, [["qk_nope_head_dim"], 128]);
      if (text["use_mla"] !== false && plain > 0) return usual;
      const heads = numberOf(text, [["num_attention_heads"], 32]);
      const each = Math.floor(
        numberOf(text, [["hidden_size"], 4096]) / Math.max(1, heads),
      );
      const kept = numberOf(text, [["num_key_value_heads"], heads]);
      const width = kept * each;
      return [{ kind: "full", heads: kept, keys: width, values: width }];
    },
  },
};

/** The types of this file. */
export const DEEPSEEK_VL_V2_TYPES: FamilyTypes = {
  deepseek_vl_v2: {
    ...ofClasses(deepseekVlV2, CACHE, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
