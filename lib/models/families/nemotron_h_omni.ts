import { ConfigReader } from "../tensors/config_reader.ts";
import { declareRenamed, under } from "../tensors/renamed.ts";
import { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOr } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { headOf, ofClasses } from "./family.ts";
import { NEMOTRON_H_CODE, nemotronH } from "./nemotron_h.ts";
import { partOfRecipe } from "./recipes/mod.ts";
import { radio } from "./towers/radio.ts";
import { tower } from "./vision_language.ts";

const listener = partOfRecipe("parakeet_ctc", "encoder.");

/**
 * Nemotron 3 Nano Omni: Nemotron-H behind a tower for images and, where its config
 * has one, another for sounds.
 *
 * Source: huggingface/transformers
 * models/nemotron_h_omni/modeling_nemotron_h_omni.py
 */
const nemotronHOmni: Family = (config, scope) => {
  // Released checkpoints have older names.
  const text = config.inner(
    config.has("text_config") ? "text_config" : "llm_config",
  );
  const vision = config.inner("vision_config");
  const hidden = text.size("hidden_size");
  const language = scope.scope("language_model");
  nemotronH.body(text, language.scope("model"));
  headOf(nemotronH, text, language, false);
  tower(radio, vision, scope, "vision_model");
  const width = config.optional("vision_hidden_size", "vit_hidden_size") ??
    1280;
  if ((text.optional("num_nextn_predict_layers") ?? 0) > 0) {
    scope.as("projector").norm("vision_final_layernorm", width, { bias: true });
  }
  const ratio = config.number("downsample_ratio", 0.5);
  const merged = Math.floor(1 / (ratio > 0 ? ratio : 1)) ** 2;
  project(scope.scope("multi_modal_projector", "projector"), {
    inputs: width * merged,
    middle: sizeOr(config, "projector_hidden_size", 4096),
    outputs: hidden,
  });
  const sounds = config.has("audio_config") ? "audio_config" : "sound_config";
  if (config.has(sounds)) hear(config, sounds, scope, hidden);
};

function hear(
  config: ConfigReader,
  key: string,
  scope: TensorScope,
  hidden: number,
): void {
  const own = config.inner(key);
  const stated = Object.fromEntries(
    config.keys(key).map((name) => [name, own.raw(name)]),
  );
  const encoder = new ConfigReader(
    { encoder_config: { attention_bias: false, ...stated } },
    "model.config",
    config.problems,
    config.savedBy,
    config.doubts,
  );
  const whole = new TensorScope();
  listener(encoder, whole);
  declareRenamed(scope, whole, under("encoder.", "audio_tower."));
  project(scope.scope("embed_audio", "projector"), {
    inputs: sizeOr(own, "hidden_size", 1024),
    middle: own.size("projection_hidden_size"),
    outputs: hidden,
    bias: own.flag("projection_bias", false),
  });
}

function project(
  at: TensorScope,
  { inputs, middle, outputs, bias = false }: {
    inputs: number;
    middle: number;
    outputs: number;
    bias?: boolean;
  },
): void {
  const role = "projector";
  at.norm("layer_norm", inputs);
  at.linear("linear_1", inputs, middle, { role, bias });
  at.linear("linear_2", middle, outputs, { role, bias });
}

/** The type of this file. */
export const NEMOTRON_H_OMNI_TYPES: FamilyTypes = {
  nemotron_h_omni: ofClasses(nemotronHOmni, NEMOTRON_H_CODE, {
    unplayed: UNPLAYED,
  }),
};
