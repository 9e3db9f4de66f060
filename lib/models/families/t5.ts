import { withClasses } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { BERT } from "./bert.ts";
import { evenAttention, plainMlp } from "./blocks_classic.ts";
import type { CodeParts } from "./code/code.ts";
import type { EncoderCode } from "./code/encoder.ts";
import { TIED, UNTURNED } from "./code/parts.ts";
import { T5_CLASSES } from "./encoder_decoder_classes.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

const NAMES = { query: "q", key: "k", value: "v", output: "o" };

/** In what the lineage differs. */
interface Variant {
  /** Whether every layer has a relative position bias, or only the first. */
  biasInEach: boolean;
  /** The MLP of a config that does not say. */
  activation: string;
}

/** One of the two stacks of an encoder-decoder. */
interface Stack extends Variant {
  name: "encoder" | "decoder";
  layers: number;
}

/**
 * T5, of which Flan-T5 has a gated MLP: an encoder and a decoder with relative
 * positions. Transformers 5 ties the head whatever the config says.
 *
 * Source: huggingface/transformers models/t5/modeling_t5.py
 */
export const t5: Family = (config, scope) =>
  family(config, scope, { biasInEach: false, activation: "relu" });

/**
 * mT5: T5 whose MLP is gated by default.
 *
 * Source: huggingface/transformers models/mt5/modeling_mt5.py
 */
export const mt5: Family = (config, scope) =>
  family(config, scope, { biasInEach: false, activation: "gated-gelu" });

/**
 * UMT5: T5 with relative positions in every layer.
 *
 * Source: huggingface/transformers models/umt5/modeling_umt5.py
 */
export const umt5: Family = (config, scope) =>
  family(config, scope, { biasInEach: true, activation: "gated-gelu" });

function family(
  config: ConfigReader,
  scope: TensorScope,
  variant: Variant,
): void {
  const layers = config.size("num_layers", "num_hidden_layers");
  const hidden = config.size("d_model", "hidden_size");
  scope.embedding("shared", config.size("vocab_size"), hidden);
  declare(config, scope, { ...variant, name: "encoder", layers });
  declare(config, scope, {
    ...variant,
    name: "decoder",
    layers: config.optional("num_decoder_layers") ?? layers,
  });
}

function declare(
  config: ConfigReader,
  scope: TensorScope,
  { name, layers, biasInEach, activation }: Stack,
): void {
  const hidden = config.size("d_model", "hidden_size");
  const heads = config.size("num_heads", "num_attention_heads");
  const inner = heads * config.size("d_kv", "head_dim");
  const stack = scope.scope(name);
  const block = stack.layers("block", allLayers(layers));
  const attention = (at: TensorScope, kind: string) => {
    evenAttention(at.scope(kind), hidden, { names: NAMES, inner });
    at.norm("layer_norm", hidden);
  };
  attention(block.scope("layer.0"), "SelfAttention");
  stack
    .layers("block", allLayers(biasInEach ? layers : Math.min(1, layers)))
    .embedding(
      "layer.0.SelfAttention.relative_attention_bias",
      config.optional("relative_attention_num_buckets") ?? 32,
      heads,
      "position",
    );
  const crosses = name === "decoder" || crossesAlone(config);
  if (crosses) attention(block.scope("layer.1"), "EncDecAttention");
  const last = block.scope(crosses ? "layer.2" : "layer.1");
  feedForward(config, last, activation);
  stack.norm("final_layer_norm", hidden);
}

/** Classes of an encoder alone build what their config says, were it a decoder. */
function crossesAlone(config: ConfigReader): boolean {
  const [named = ""] = config.texts("architectures");
  return /(?:EncoderModel|ForTokenClassification)$/.test(named) &&
    config.flag("is_decoder", false);
}

function feedForward(
  config: ConfigReader,
  at: TensorScope,
  activation: string,
): void {
  const hidden = config.size("d_model", "hidden_size");
  const inner = config.size("d_ff");
  const mlp = at.scope("DenseReluDense");
  if (config.text("feed_forward_proj", activation).startsWith("gated-")) {
    mlp.linear("wi_0", hidden, inner, { role: "gate", cut: "column" });
    mlp.linear("wi_1", hidden, inner, { role: "up", cut: "column" });
    mlp.linear("wo", inner, hidden, { role: "down", cut: "row" });
  } else {
    plainMlp(mlp, ["wi", "wo"], hidden, inner);
  }
  at.norm("layer_norm", hidden);
}

const T5: EncoderCode = {
  ...BERT,
  norms: "before",
  norm: "t5",
  activation: [["feed_forward_proj"], "relu"],
  dropout: {
    attention: [["dropout_rate"], 0.1],
    residual: [["dropout_rate"], 0.1],
    mlp: [["dropout_rate"], 0.1],
    spans: [[], 0],
  },
  dropsLast: true,
  bias: "first layer",
  caches: true,
  holds: "words",
  holdsInner: false,
  kernels: "sdpa",
};

const GATED_T5: EncoderCode = {
  ...T5,
  activation: [["feed_forward_proj"], "gated-gelu"],
};

const QUERIES_AND_VALUES: CodeParts = { peft: { targets: ["q", "v"] } };

/** The types of this file. */
export const T5_TYPES: FamilyTypes = {
  t5: ofClasses(
    withClasses(t5, T5_CLASSES),
    QUERIES_AND_VALUES,
    TIED,
    UNTURNED,
    {
      cache: { crosses: true },
      encoder: T5,
    },
  ),
  mt5: ofClasses(withClasses(mt5, T5_CLASSES), QUERIES_AND_VALUES, UNTURNED, {
    cache: { crosses: true },
    encoder: GATED_T5,
  }),
  umt5: ofClasses(withClasses(umt5, T5_CLASSES), UNTURNED, {
    cache: { crosses: true },
    encoder: { ...GATED_T5, bias: "each layer" },
  }),
};
