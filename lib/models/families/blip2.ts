import { withClasses } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOr } from "./blocks_vision.ts";
import { UNKNOWN_CACHE } from "./code/cache.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { causal, ofClasses } from "./family.ts";
import { opt } from "./opt.ts";
import { t5 } from "./t5.ts";
import { TEXT_DEFAULTS } from "./text_defaults.ts";
import { BLIP2_CLASSES } from "./tower_classes.ts";
import { blip2Vision } from "./towers/blip2_vision.ts";

/**
 * BLIP-2: a tower, a Q-Former that asks it for a few tokens, and a whole OPT or
 * T5.
 *
 * Source: huggingface/transformers models/blip_2/modeling_blip_2.py
 */
export const blip2: Family = (config, scope) => {
  const vision = config.inner("vision_config");
  const qformer = config.inner("qformer_config");
  const given = config.inner("text_config");
  const kind = given.text("model_type", "opt") === "t5" ? "t5" : "opt";
  const text = new ConfigWithDefaults(
    given,
    TEXT_DEFAULTS[kind] ?? {},
    "model.config.text_config",
  );
  const width = sizeOr(qformer, "hidden_size", 768);
  const projector = scope.as("projector");
  projector.parameter(
    "query_tokens",
    [1, sizeOr(config, "num_query_tokens", 32), width],
    { role: "other" },
  );
  blip2Vision(vision, scope.scope("vision_model", "vision_tower"));
  queries(qformer, projector.scope("qformer"), {
    width,
    seen: sizeOr(vision, "hidden_size", 1408),
  });
  const hidden = text.size("hidden_size", "d_model");
  projector.linear("language_projection", width, hidden, {
    role: "projector",
    bias: true,
  });
  const language = kind === "t5" ? t5 : causal(opt);
  language(text, scope.scope("language_model"));
};

/** BERT's layers over learned queries, of which some attend to the image. */
function queries(
  config: ConfigReader,
  scope: TensorScope,
  { width, seen }: { width: number; seen: number },
): void {
  scope.norm("layernorm", width, { bias: true });
  const layers = sizeOr(config, "num_hidden_layers", 12);
  const every = Math.max(1, sizeOr(config, "cross_attention_frequency", 2));
  const layer = scope.layers("encoder.layer", allLayers(layers));
  attention(layer.scope("attention"), width, width);
  attention(
    scope.layers(
      "encoder.layer",
      layersWhere(layers, (at) => at % every === 0),
    ).scope("crossattention"),
    width,
    seen,
  );
  const inner = sizeOr(config, "intermediate_size", 3072);
  const kinds = config.flag("use_qformer_text_input", false)
    ? ["", "_query"]
    : ["_query"];
  for (const kind of kinds) {
    layer.linear(`intermediate${kind}.dense`, width, inner, {
      role: "up",
      bias: true,
      cut: "column",
    });
    layer.linear(`output${kind}.dense`, inner, width, {
      role: "down",
      bias: true,
      cut: "row",
    });
    layer.norm(`output${kind}.LayerNorm`, width, { bias: true });
  }
}

function attention(scope: TensorScope, width: number, seen: number): void {
  const at = scope.scope("attention");
  at.linear("query", width, width, { role: "q", bias: true, cut: "column" });
  at.linear("key", seen, width, { role: "k", bias: true, cut: "column" });
  at.linear("value", seen, width, { role: "v", bias: true, cut: "column" });
  scope.linear("output.dense", width, width, {
    role: "o",
    bias: true,
    cut: "row",
  });
  scope.norm("output.LayerNorm", width, { bias: true });
}

/** BLIP-2. */
export const BLIP2_TYPES: FamilyTypes = {
  "blip-2": ofClasses(withClasses(blip2, BLIP2_CLASSES), {
    peft: { targets: ["q", "v", "q_proj", "v_proj"] },
  }, { cache: UNKNOWN_CACHE }),
};
