import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { evenAttention, plainMlp } from "./blocks_classic.ts";
import {
  NARROW_LOGITS,
  PLAIN_AND_TIED,
  sized,
  UNTURNED,
  usuallyActivatedBy,
} from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * OPT: separate projections with biases, learned positions, and an embedding
 * that may be narrower than the model.
 *
 * Source: huggingface/transformers models/opt/modeling_opt.py
 */
export const opt: Decoder = {
  prefix: "model.decoder",
  tied: true,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const width = embeddingWidth(config);
    const bias = config.flag("enable_bias", true);
    const affine = config.flag("layer_norm_elementwise_affine", true);
    const norm = (at: TensorScope, name: string) => {
      if (affine) at.norm(name, hidden, { bias: true });
    };
    scope.embedding("embed_tokens", config.size("vocab_size"), width);
    scope.embedding(
      "embed_positions",
      config.size("max_position_embeddings") + 2,
      hidden,
      "position",
    );
    if (width !== hidden) {
      scope.linear("project_out", hidden, width, { role: "other" });
      scope.linear("project_in", width, hidden, { role: "other" });
    }
    if (
      config.flag("do_layer_norm_before", true) &&
      !config.flag("_remove_final_layer_norm", false)
    ) {
      norm(scope, "final_layer_norm");
    }
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    evenAttention(layer.scope("self_attn"), hidden, { bias });
    norm(layer, "self_attn_layer_norm");
    plainMlp(layer, ["fc1", "fc2"], hidden, config.size("ffn_dim"), { bias });
    norm(layer, "final_layer_norm");
  },
  head(config, scope) {
    scope.linear("lm_head", embeddingWidth(config), config.size("vocab_size"), {
      role: "head",
      cut: "column",
    });
  },
};

function embeddingWidth(config: ConfigReader): number {
  return config.optional("word_embed_proj_dim") ?? config.size("hidden_size");
}

/** OPT. */
export const OPT_TYPES: FamilyTypes = {
  opt: ofType(
    causal(opt),
    NARROW_LOGITS,
    PLAIN_AND_TIED,
    UNTURNED,
    usuallyActivatedBy("relu"),
    sized(["max_position_embeddings", 2048], 50_272),
    {
      mlp: { isInline: true },
      dropout: { residual: [["dropout"], 0.1] },
      embedding: { ownPositions: true },
      peft: QUERY_VALUE,
    },
  ),
};
