import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import { gatedMlp } from "./blocks.ts";
import { expertTensors, withShared } from "./blocks_dense.ts";
import { patchesOf, sizeOr, twoLinears } from "./blocks_vision.ts";
import type { CodeParts } from "./code/code.ts";
import { numberOf } from "./code/setting.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Decoder, Family, FamilyTypes } from "./family.ts";
import { causal, headOf, ofClasses, ofType } from "./family.ts";
import { sparseOf } from "./step3p5.ts";
import type { TowerFamily } from "./towers/tower.ts";

/**
 * Step-3: queries of a shared width that all heads are made of, one head of keys
 * and values, experts beside a shared one.
 *
 * Source: vllm-project/vllm model_executor/models/step3_text.py and
 * transformers_utils/configs/step3_vl.py
 */
export const step3Text: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const count = config.size("num_hidden_layers");
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers("layers", allLayers(count));
    const heads = config.size("num_attention_heads");
    const each = config.size("head_dim");
    const kept = each * (config.optional("num_attention_groups") ?? 1);
    const shared = config.size("share_q_dim");
    const at = layer.scope("self_attn");
    at.linear("q_proj", hidden, shared, { role: "q" });
    at.linear("k_proj", hidden, kept, { role: "k" });
    at.linear("v_proj", hidden, kept, { role: "v" });
    at.norm("inter_norm", shared);
    at.linear("wq", shared, heads * each, { role: "q", cut: "column" });
    at.linear("o_proj", heads * each, hidden, { role: "o", cut: "row" });
    const sparse = sparseOf(config);
    gatedMlp(
      scope.layers("layers", layersWhere(count, (own) => !sparse.has(own))),
      hidden,
      config.size("intermediate_size"),
    );
    withShared(
      expertTensors({
        name: "moe",
        countKeys: ["moe_num_experts"],
        widthKeys: ["moe_intermediate_size"],
      }),
      { name: "share_expert", width: (own) => own.size("share_expert_dim") },
    )(
      config,
      scope.layers("layers", layersWhere(count, (own) => sparse.has(own))),
      hidden,
    );
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
  },
};

/** A wide ViT; what halves its patches stands beside it. */
const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1792);
  const { patches, kernel } = patchesOf(config, { image: 728, patch: 14 });
  const embeddings = scope.scope("embeddings");
  embeddings.parameter("class_embedding", [1, width], { role: "other" });
  embeddings.conv("patch_embedding", [width, 3, ...kernel], { bias: true });
  embeddings.embedding("position_embedding", patches + 1, width, "position");
  const layers = allLayers(sizeOr(config, "num_hidden_layers", 63));
  const layer = scope.layers("transformer.layers", layers);
  layer.linear("self_attn.qkv_proj", width, 3 * width, {
    role: "qkv",
    bias: true,
    cut: "column",
  });
  layer.linear("self_attn.out_proj", width, width, {
    role: "o",
    bias: true,
    cut: "row",
  });
  twoLinears(
    layer.scope("mlp"),
    width,
    sizeOr(config, "intermediate_size", 15_360),
  );
  layer.norm("layer_norm1", width, { bias: true });
  layer.norm("layer_norm2", width, { bias: true });
};

/**
 * Step-3 as a whole: a ViT, two convolutions that halve its patches, a linear.
 *
 * Source: vllm-project/vllm model_executor/models/step3_vl.py
 */
export const step3: Family = (config, scope) => {
  const seen: ConfigReader = config.inner("vision_config");
  const text = config.inner("text_config");
  vision(seen, scope.scope("vision_model", "vision_tower"));
  const at = scope.as("projector");
  const outputs = sizeOr(seen, "output_hidden_size", 4096);
  const width = sizeOr(seen, "hidden_size", 1792);
  at.conv("vit_downsampler", [outputs, width, 2, 2], { bias: true });
  at.conv("vit_downsampler2", [2 * outputs, outputs, 3, 3], { bias: true });
  at.linear("vit_large_projector", 2 * outputs, text.size("hidden_size"), {
    role: "projector",
    bias: config.flag("projector_bias", true),
  });
  step3Text.body(text, scope.scope(step3Text.prefix));
  headOf(step3Text, text, scope, false);
};

/** Keys and values of the few heads that all queries share. */
const CACHE: CodeParts = {
  cache: {
    tokens: (text) => {
      const heads = numberOf(text, [["num_attention_groups"], 1]);
      const width = heads * numberOf(text, [["head_dim"], 256]);
      return { heads, keys: width, values: width };
    },
  },
};

/** The types of this file. */
export const STEP3_TYPES: FamilyTypes = {
  step3_text: {
    ...ofType(causal(step3Text), CACHE, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
  step3_vl: {
    ...ofClasses(step3, CACHE, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
