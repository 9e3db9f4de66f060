import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import { DECODERS } from "./decoders.ts";
import type { Decoder, Family } from "./family.ts";
import { headOf } from "./family.ts";
import { TEXT_DEFAULTS } from "./text_defaults.ts";
import type { TowerFamily } from "./towers/tower.ts";

/** What a projector joins. */
export interface Parts {
  /** The whole config. */
  config: ConfigReader;
  vision: ConfigReader;
  text: ConfigReader;
  /** The language model's width. */
  hidden: number;
}

/** How a vision-language model is put together. */
export interface Composition {
  /** The `model_type` of a text_config that has none. */
  language: string;
  /** Whether every text_config is of that type, whatever it says. */
  fixed?: boolean;
  /** Where the language model's body stands; "model.language_model". */
  body?: string;
  /** Where its head stands, "" for the top. */
  head?: string;
  /**
   * Which config says that head and embedding are one: the top if it speaks,
   * either of both, the text_config alone, or none as they never are.
   */
  ties?: "top" | "either" | "text" | "never";
  /** Whether they are one when no config says; else by the decoder. */
  tied?: boolean;
  /** Declares everything before the language model. */
  sight: (parts: Parts, scope: TensorScope) => void;
}

/** The family of a tower, a projector and a decoder. */
export function visionLanguage(composition: Composition): Family {
  const { body = "model.language_model", head = "" } = composition;
  return (config, scope) => {
    const { text, decoder } = languageOf(config, composition);
    const vision = config.inner("vision_config");
    const hidden = text.size("hidden_size", "n_embd", "d_model");
    composition.sight({ config, vision, text, hidden }, scope);
    decoder.body(text, scope.scope(body));
    headOf(
      decoder,
      text,
      head === "" ? scope : scope.scope(head),
      isTied(config, text, decoder, composition),
    );
  };
}

/** The place of a tower, whose tensors are declared there. */
export function tower(
  declare: TowerFamily,
  vision: ConfigReader,
  scope: TensorScope,
  name = "model.vision_tower",
): void {
  declare(vision, scope.scope(name, "vision_tower"));
}

/** The place of a projector. */
export function projector(
  scope: TensorScope,
  name = "model.multi_modal_projector",
): TensorScope {
  return scope.scope(name, "projector");
}

/** The text config with its defaults, and the decoder that reads it. */
function languageOf(
  config: ConfigReader,
  { language, fixed = false }: Composition,
): { text: ConfigReader; decoder: Decoder } {
  const has = config.has("text_config");
  // Older configs keep the language model's fields at the top.
  const given = has ? config.inner("text_config") : config;
  const said = has && !fixed ? given.text("model_type", language) : language;
  const known = Object.hasOwn(DECODERS, said);
  if (!known) {
    config.problems.push({
      path: "model",
      message: `model.config.text_config.model_type must be one of ${
        Object.keys(DECODERS).join(", ")
      }: current value is "${said}"`,
    });
  }
  const type = known ? said : language;
  const text = new ConfigWithDefaults(
    given,
    TEXT_DEFAULTS[type] ?? {},
    "model.config.text_config",
  );
  return { text, decoder: DECODERS[type] ?? NOTHING };
}

function isTied(
  config: ConfigReader,
  text: ConfigReader,
  decoder: Decoder,
  { ties = "top", tied = decoder.tied }: Composition,
): boolean {
  if (ties === "never") return false;
  const byText = text.flag("tie_word_embeddings", tied);
  if (ties === "text" || !config.has("tie_word_embeddings")) return byText;
  const byTop = config.flag("tie_word_embeddings", byText);
  return byTop || (ties === "either" && byText);
}

const NOTHING: Decoder = { prefix: "", tied: true, body() {} };
