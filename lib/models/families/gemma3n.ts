import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOr } from "./blocks_vision.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { GEMMA3N, gemma3nText } from "./gemma3n_text.ts";
import { sensing } from "./recent_sight.ts";
import { gemma3nAudio } from "./towers/gemma3n_audio.ts";
import { mobilenetV5 } from "./towers/mobilenet_v5.ts";
import { projector, tower } from "./vision_language.ts";

/**
 * Gemma 3n with its towers for images and for sounds.
 *
 * Source: huggingface/transformers models/gemma3n/modeling_gemma3n.py
 */
export const gemma3n = sensing({
  decoder: gemma3nText,
  defaults: {
    vocab_size: 262_400,
    hidden_size: 2_048,
    intermediate_size: 16_384,
    num_hidden_layers: 35,
    num_attention_heads: 8,
    num_key_value_heads: 2,
    head_dim: 256,
    num_kv_shared_layers: 15,
  },
  sight({ config, vision, hidden }, scope) {
    tower(mobilenetV5, vision, scope, "model.vision_tower.timm_model");
    const audio = config.inner("audio_config");
    gemma3nAudio(audio, scope.scope("model.audio_tower", "audio_tower"));
    embedder(vision, projector(scope, "model.embed_vision"), [2048, hidden]);
    embedder(audio, projector(scope, "model.embed_audio"), [1536, hidden]);
  },
});

/** Soft tokens of a tower and hard ones of an embedding, for the text. */
function embedder(
  config: ConfigReader,
  at: TensorScope,
  [usual, hidden]: readonly [usual: number, hidden: number],
): void {
  const width = sizeOr(config, "hidden_size", usual);
  at.embedding("embedding", sizeOr(config, "vocab_size", 128), width, "other");
  at.norm("hard_embedding_norm", width);
  at.norm("soft_embedding_norm", width);
  at.linear("embedding_projection", width, hidden, { role: "projector" });
}

/** Gemma 3n. */
export const GEMMA3N_TYPES: FamilyTypes = {
  gemma3n: ofType(gemma3n, GEMMA3N),
};
