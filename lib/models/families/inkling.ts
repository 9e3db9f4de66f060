import type { ConfigReader } from "../tensors/config_reader.ts";
import { declareRenamed, under } from "../tensors/renamed.ts";
import { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOr } from "./blocks_vision.ts";
import { CACHING_KIN } from "./caching_kin.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";
import { partOfRecipe } from "./recipes/mod.ts";
import { inklingVision } from "./towers/inkling_vision.ts";

const language = partOfRecipe("inkling_text", "model.");

/**
 * Inkling: a decoder that reads images folded into ever fewer and wider pixels, and
 * sounds as a token for each band.
 *
 * Source: huggingface/transformers models/inkling/modeling_inkling.py
 */
const inkling: Family = (config, scope) => {
  const [named = ""] = config.texts("architectures");
  const isBody = named === "InklingModel";
  const model = isBody ? scope : scope.scope("model");
  const text = config.inner("text_config");
  const hidden = text.size("hidden_size");
  const whole = new TensorScope();
  language(text, whole);
  declareRenamed(
    scope,
    whole,
    under("model.", isBody ? "language_model." : "model.language_model."),
  );
  hearing(config.inner("audio_config"), model.scope("audio_tower"), hidden);
  // Towers give the decoder's width, whatever their own configs say.
  inklingVision(
    config.inner("vision_config"),
    model.scope("vision_tower", "vision_tower"),
    hidden,
  );
  if (isBody) return;
  scope.linear("lm_head", hidden, text.size("vocab_size"), {
    role: "head",
    cut: "column",
  });
};

function hearing(config: ConfigReader, at: TensorScope, width: number): void {
  const bands = sizeOr(config, "n_mel_bins", 80);
  const tokens = sizeOr(config, "mel_vocab_size", 256);
  const sounds = at.as("audio_tower");
  sounds.embedding(
    "embed_audio_tokens.embed_audio_tokens",
    bands * tokens,
    width,
    "other",
  );
  sounds.norm("norm", width);
}

/** The type of this file. */
export const INKLING_TYPES: FamilyTypes = {
  inkling_mm_model: ofClasses(inkling, {
    cache: CACHING_KIN["inkling_text"] ?? {},
    unplayed: UNPLAYED,
  }),
};
