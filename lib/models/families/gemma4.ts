import { seeingAs } from "./code/sight.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOr } from "./blocks_vision.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import {
  GEMMA4,
  GEMMA4_UNIFIED,
  gemma4Text,
  gemma4UnifiedText,
} from "./gemma4_text.ts";
import { sensing } from "./recent_sight.ts";
import { gemma4Audio } from "./towers/gemma4_audio.ts";
import { gemma4Vision } from "./towers/gemma4_vision.ts";
import { projector, tower } from "./vision_language.ts";

/** What a text_config of Gemma 4 means where it says nothing. */
export const GEMMA4_DEFAULTS = {
  vocab_size: 262_144,
  hidden_size: 2_304,
  intermediate_size: 9_216,
  num_hidden_layers: 30,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
};

/**
 * Gemma 4 with the towers that its config has, for images and for sounds.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py
 */
export const gemma4 = sensing({
  decoder: gemma4Text,
  defaults: GEMMA4_DEFAULTS,
  tied: true,
  sight({ config, vision, hidden }, scope) {
    if (config.has("vision_config")) {
      tower(gemma4Vision, vision, scope);
      embedder(
        projector(scope, "model.embed_vision"),
        sizeOr(vision, "hidden_size", 768),
        hidden,
      );
    }
    if (config.has("audio_config")) {
      const audio = config.inner("audio_config");
      gemma4Audio(audio, scope.scope("model.audio_tower", "audio_tower"));
      embedder(
        projector(scope, "model.embed_audio"),
        sizeOr(audio, "output_proj_dims", 1536),
        hidden,
      );
    }
  },
});

/**
 * Gemma 4 that takes patches and frames without towers.
 *
 * Source: huggingface/transformers
 * models/gemma4_unified/modeling_gemma4_unified.py
 */
export const gemma4Unified = sensing({
  decoder: gemma4UnifiedText,
  defaults: GEMMA4_DEFAULTS,
  tied: true,
  sight({ config, vision, hidden }, scope) {
    if (config.has("vision_config")) {
      patches(vision, projector(scope, "model.embed_vision"), hidden);
    }
    if (config.has("audio_config")) {
      const audio = config.inner("audio_config");
      embedder(
        projector(scope, "model.embed_audio"),
        sizeOr(audio, "audio_embed_dim", 640),
        hidden,
      );
    }
  },
});

/** One linear and learned positions in both directions, each normed. */
function patches(vision: ConfigReader, at: TensorScope, hidden: number): void {
  const width = sizeOr(vision, "mm_embed_dim", 3840);
  const side = sizeOr(vision, "patch_size", 16) *
    sizeOr(vision, "pooling_kernel_size", 3);
  const patch = 3 * side ** 2;
  const positions = sizeOr(vision, "mm_posemb_size", 1120);
  at.norm("patch_ln1", patch, { bias: true });
  at.linear("patch_dense", patch, width, { role: "projector", bias: true });
  at.norm("patch_ln2", width, { bias: true });
  at.parameter("pos_embedding", [positions, 2, width], { role: "position" });
  at.norm("pos_norm", width, { bias: true });
  embedder(
    at.scope("multimodal_embedder"),
    sizeOr(vision, "output_proj_dims", width),
    hidden,
  );
}

function embedder(at: TensorScope, inputs: number, hidden: number): void {
  at.linear("embedding_projection", inputs, hidden, { role: "projector" });
}

/** The types of this file. */
export const GEMMA4_TYPES: FamilyTypes = {
  gemma4: ofType(gemma4, GEMMA4, {
    sight: {
      ...seeingAs("gemma4"),
      masksImages: (text) => text["use_bidirectional_attention"] === "vision",
    },
    peft: { targets: ".*language_model\\..*\\.(q_proj|v_proj)" },
  }),
  gemma4_unified: ofType(gemma4Unified, GEMMA4_UNIFIED),
};
