import { allLayers } from "../tensors/layer_ranges.ts";
import { evenAttention, plainMlp } from "./blocks_classic.ts";
import {
  NARROW_CLASSES,
  sized,
  UNTURNED,
  usuallyActivatedBy,
} from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * GPT-Neo: learned positions, and a mask kept by every attention.
 *
 * Source: huggingface/transformers models/gpt_neo/modeling_gpt_neo.py
 */
export const gptNeo: Decoder = {
  prefix: "transformer",
  tied: true,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const positions = config.size("max_position_embeddings");
    scope.embedding("wte", config.size("vocab_size"), hidden);
    scope.embedding("wpe", positions, hidden, "position");
    const layer = scope.layers(
      "h",
      allLayers(config.size("num_layers", "num_hidden_layers")),
    );
    layer.norm("ln_1", hidden, { bias: true });
    const attention = layer.scope("attn.attention");
    evenAttention(attention, hidden, { outputBias: true });
    attention.buffer("bias", [1, 1, positions, positions], 1);
    layer.norm("ln_2", hidden, { bias: true });
    plainMlp(
      layer.scope("mlp"),
      ["c_fc", "c_proj"],
      hidden,
      config.optional("intermediate_size") ?? 4 * hidden,
      { bias: true },
    );
    scope.norm("ln_f", hidden, { bias: true });
  },
};

/** GPT-Neo. */
export const GPT_NEO_TYPES: FamilyTypes = {
  gpt_neo: ofType(
    causal(gptNeo),
    NARROW_CLASSES,
    UNTURNED,
    usuallyActivatedBy("gelu_new"),
    sized(["max_position_embeddings", 2048], 50_257),
    {
      layer: { holdsAttended: true },
      attention: { wideScores: true },
      peft: QUERY_VALUE,
    },
  ),
};
