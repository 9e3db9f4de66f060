import type { ModelPiece, Role } from "../tensors/tensor.ts";

/** Pieces by words of a name, the first that fits. */
const WORDS: readonly (readonly [words: RegExp, piece: ModelPiece])[] = [
  // What speaks for a model that hears.
  [/^(talker|code2wav|token2wav)\./, "audio_tower"],
  [
    /projector|^mlp1\.|img_projection|_GN$|view_sep[ae]rator|tile_indicators|image_pooling|pad_embed$|vit_downsampler|^vte\.|qformer|query_tokens|image_newline|merger|connector|aligner|resampler|(vision|visual|text|language)_projection|visual\.downsample|(^|\.)embed_(vision|audio)\.|^mm\./,
    "projector",
  ],
  [/embed_tokens_per_layer/, "embeddings"],
  // Experts that pictures' tokens take stand in the language model.
  [
    /vision(?!_moe)|visual|image_(encoder|tower)|(^|\.)vit\.|sam_model|^vpm\.|^v\./,
    "vision_tower",
  ],
  [/audio|speech|^a\./, "audio_tower"],
];

/** Guesses which piece of a model a tensor belongs to. */
export function pieceOfName(name: string, role: Role): ModelPiece {
  const named = WORDS.find(([words]) => words.test(name))?.[1];
  if (named) return named;
  if (role === "embedding") return "embeddings";
  return role === "head" ? "lm_head" : "language_model";
}
