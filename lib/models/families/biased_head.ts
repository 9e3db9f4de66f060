import type { ConfigReader } from "../tensors/config_reader.ts";
import { vocabularyHead } from "./blocks_classic.ts";
import type { Decoder, Family } from "./family.ts";

/** A causal model whose head may have a bias, of its own even when tied. */
export function withHeadBias(
  decoder: Decoder,
  hasBias: (config: ConfigReader) => boolean,
): Family {
  return (config, scope) => {
    decoder.body(config, scope.scope(decoder.prefix));
    const size = [
      config.size("hidden_size"),
      config.size("vocab_size"),
    ] as const;
    vocabularyHead(scope, "lm_head", size, {
      tied: config.flag("tie_word_embeddings", decoder.tied),
      bias: hasBias(config),
    });
  };
}
