import { ConfigWithDefaults } from "./config_with_defaults.ts";
import type { Decoder, Family } from "./family.ts";
import { headOf } from "./family.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import type { Parts } from "./vision_language.ts";

/** What a decoder of its own family sees and hears with. */
export interface Senses {
  decoder: Decoder;
  /** What its text_config means where it says nothing. */
  defaults: Readonly<Record<string, unknown>>;
  /**
   * Whether head and embedding are one where the top does not say; what the
   * text_config says where this is left out.
   */
  tied?: boolean;
  /** Whether the text_config may tie them though the top says otherwise. */
  either?: boolean;
  /** Declares everything before the decoder. */
  sight: (parts: Parts, scope: TensorScope) => void;
}

/**
 * The family of a decoder that only ever stands behind towers of one kind. Its
 * config's top says whether head and embedding are one.
 */
export function sensing(
  { decoder, defaults, tied: usual, either = false, sight }: Senses,
): Family {
  return (config, scope) => {
    const text = new ConfigWithDefaults(
      config.inner("text_config"),
      defaults,
      "model.config.text_config",
    );
    const vision = config.inner("vision_config");
    const hidden = text.size("hidden_size");
    sight({ config, vision, text, hidden }, scope);
    decoder.body(text, scope.scope("model.language_model"));
    const tied = text.flag("tie_word_embeddings", decoder.tied);
    const top = config.flag("tie_word_embeddings", usual ?? tied);
    headOf(decoder, text, scope, top || (either && tied));
  };
}
