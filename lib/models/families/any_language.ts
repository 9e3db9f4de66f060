import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import { DECODERS } from "./decoders.ts";
import type { Decoder } from "./family.ts";
import { headOf } from "./family.ts";
import { internlm3 } from "./recent_kin.ts";
import { internlm2 } from "./remote_code.ts";
import { TEXT_DEFAULTS } from "./text_defaults.ts";

const LANGUAGES: Readonly<Record<string, Decoder>> = {
  ...DECODERS,
  internlm2,
  internlm3,
};

/** A decoder's config with what its class adds, and the decoder. */
export interface AnyLanguage {
  readonly text: ConfigReader;
  readonly decoder: Decoder;
}

/**
 * The decoder of an inner config, whose `model_type` names it: what code beside
 * weights builds with transformers' own causal classes.
 *
 * @param given The inner config.
 * @param path Where it stands, for messages.
 */
export function anyLanguage(given: ConfigReader, path: string): AnyLanguage {
  const type = given.text("model_type", "");
  const decoder = Object.hasOwn(LANGUAGES, type) ? LANGUAGES[type] : undefined;
  if (!decoder) {
    const limit = `must be one of ${Object.keys(LANGUAGES).join(", ")}`;
    given.refuse("model_type", limit, type);
  }
  return {
    text: new ConfigWithDefaults(given, TEXT_DEFAULTS[type] ?? {}, path),
    decoder: decoder ?? { prefix: "", tied: true, body() {} },
  };
}

/** Declares a whole causal model at a place. */
export function declareLanguage(
  { text, decoder }: AnyLanguage,
  scope: TensorScope,
): void {
  decoder.body(text, scope.scope(decoder.prefix));
  const tied = text.flag("tie_word_embeddings", decoder.tied);
  headOf(decoder, text, scope, tied);
}
