import { withClasses } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { BART } from "./bart.ts";
import { transformerLayer, vocabularyHead } from "./blocks_classic.ts";
import { PLAIN_AND_TIED, UNTURNED } from "./code/parts.ts";
import { WHISPER_CLASSES } from "./encoder_decoder_classes.ts";
import { numberOf } from "./code/setting.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/**
 * Whisper: an encoder of audio behind two convolutions, and a decoder that
 * attends to it. Keys have no bias.
 *
 * Source: huggingface/transformers models/whisper/modeling_whisper.py
 */
export const whisper: Family = (config, scope) => {
  const width = config.size("d_model", "hidden_size");
  const vocabulary = config.size("vocab_size");
  encoder(config, scope.scope("model.encoder", "audio_tower"), width);
  const decoder = scope.scope("model.decoder");
  decoder.embedding("embed_tokens", vocabulary, width);
  decoder.embedding(
    "embed_positions",
    config.optional("max_target_positions") ?? 448,
    width,
    "position",
  );
  transformerLayer(
    decoder.layers("layers", allLayers(config.size("decoder_layers"))),
    width,
    config.size("decoder_ffn_dim"),
    { crossAttention: true, keyBias: false },
  );
  decoder.norm("layer_norm", width, { bias: true });
  vocabularyHead(scope, "proj_out", [width, vocabulary], {
    tied: config.flag("tie_word_embeddings", true),
  });
};

function encoder(
  config: ConfigReader,
  scope: TensorScope,
  width: number,
): void {
  const mels = config.optional("num_mel_bins") ?? 80;
  scope.conv("conv1", [width, mels, 3], { bias: true });
  scope.conv("conv2", [width, width, 3], { bias: true });
  scope.embedding(
    "embed_positions",
    config.optional("max_source_positions") ?? 1500,
    width,
    "position",
  );
  transformerLayer(
    scope.layers(
      "layers",
      allLayers(config.size("encoder_layers", "num_hidden_layers")),
    ),
    width,
    config.size("encoder_ffn_dim"),
    { keyBias: false },
  );
  scope.norm("layer_norm", width, { bias: true });
}

/** Whisper. */
export const WHISPER_TYPES: FamilyTypes = {
  whisper: ofClasses(
    withClasses(whisper, WHISPER_CLASSES),
    PLAIN_AND_TIED,
    UNTURNED,
    {
      cache: {
        crosses: true,
        // Every recording is filled up to 30 seconds.
        encoded: (text) => numberOf(text, [["max_source_positions"], 1500]),
      },
      encoder: {
        ...BART,
        norms: "before",
        dropout: {
          attention: [["attention_dropout"], 0],
          residual: [["dropout"], 0],
          mlp: [["activation_dropout"], 0],
          spans: [[], 0],
        },
        copiesHeads: true,
        scaledEmbeddings: "never",
        frozen: /encoder\.embed_positions\.weight$/,
      },
      heads: { tied: "proj_out" },
    },
  ),
};
