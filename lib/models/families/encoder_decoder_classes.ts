import type { ClassModel } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { declareRenamed, under } from "../tensors/renamed.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { classifierHead, labelsOf } from "./blocks_classic.ts";

type Classes = Readonly<Record<string, ClassModel>>;

/** The body alone, whose classes with heads keep it in "model". */
const bare: ClassModel = (_, scope, whole) =>
  declareRenamed(scope, whole, under("model.", ""));

/**
 * BART, mBART and Pegasus without a head, as a decoder alone, and with the ends
 * of spans.
 *
 * Source: huggingface/transformers models/bart/modeling_bart.py
 */
export const BART_CLASSES: Classes = {
  ForQuestionAnswering(config, scope, whole) {
    declareRenamed(scope, whole, under("model."));
    classifierHead(scope, "qa_outputs", widthOf(config), 2);
  },
  ForCausalLM(_, scope, whole) {
    const hasOwn = whole.tensors.some(({ name }) => name === EMBEDDING);
    declareRenamed(scope, whole, (name) => {
      if (name === "model.shared.weight") return hasOwn ? null : EMBEDDING;
      return /^(model\.decoder|lm_head)\./.test(name) ? name : null;
    });
  },
  Model: bare,
};

const EMBEDDING = "model.decoder.embed_tokens.weight";

/**
 * T5's classes: its encoder alone, with classes of tokens or of sequences, and
 * with the ends of spans.
 *
 * Source: huggingface/transformers models/t5/modeling_t5.py
 */
export const T5_CLASSES: Classes = {
  EncoderModel: (_, scope, whole) => encoder(scope, whole, ""),
  ForTokenClassification(config, scope, whole) {
    encoder(scope, whole, "transformer.");
    classifierHead(scope, "classifier", widthOf(config), labelsOf(config));
  },
  ForSequenceClassification(config, scope, whole) {
    const width = widthOf(config);
    declareRenamed(scope, whole, under("", "transformer."));
    const at = scope.scope("classification_head");
    at.linear("dense", width, width, { role: "other", bias: true });
    classifierHead(at, "out_proj", width, labelsOf(config));
  },
  ForQuestionAnswering(config, scope, whole) {
    declareRenamed(scope, whole, under(""));
    classifierHead(scope, "qa_outputs", widthOf(config), labelsOf(config));
  },
};

function encoder(scope: TensorScope, whole: TensorScope, at: string): void {
  declareRenamed(
    scope,
    whole,
    (name) => /^(shared|encoder)\./.test(name) ? at + name : null,
  );
}

/**
 * Whisper without a head, as a decoder alone, and its encoder with classes of
 * sounds.
 *
 * Source: huggingface/transformers models/whisper/modeling_whisper.py
 */
export const WHISPER_CLASSES: Classes = {
  ForAudioClassification(config, scope, whole) {
    const width = config.optional("classifier_proj_size") ?? 256;
    if (config.flag("use_weighted_layer_sum", false)) {
      const layers = config.size("encoder_layers", "num_hidden_layers");
      scope.parameter("layer_weights", [layers + 1], { role: "other" });
    }
    declareRenamed(scope, whole, under("model.encoder.", "encoder."));
    scope.linear("projector", widthOf(config), width, {
      role: "other",
      bias: true,
    });
    classifierHead(scope, "classifier", width, labelsOf(config));
  },
  ForCausalLM(_, scope, whole) {
    declareRenamed(
      scope,
      whole,
      (name) => name.startsWith("model.encoder.") ? null : name,
    );
  },
  Model: bare,
};

function widthOf(config: ConfigReader): number {
  return config.size("d_model", "hidden_size");
}
