import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import type { HeadSizes } from "./blocks.ts";
import { gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import type { Decoder } from "./family.ts";

/** Declares the attention of the layers that it is given. */
export type Attention = (
  config: ConfigReader,
  layer: TensorScope,
  heads: HeadSizes,
) => void;

/** Declares a feed-forward part of the layers that it is given. */
export type FeedForward = (
  config: ConfigReader,
  layer: TensorScope,
  hidden: number,
) => void;

/** What sets one decoder apart from another. */
export interface DecoderParts {
  attention: Attention;
  /** The feed-forward part; a gated MLP without biases when it is left out. */
  mlp?: FeedForward;
  /** Experts instead, in the layers that `isSparse` picks. */
  experts?: FeedForward;
  isSparse?: (config: ConfigReader) => (layer: number) => boolean;
  /** The norms of a layer, all as wide as the hidden size. */
  norms?: readonly string[];
  /** Whether norms have biases. */
  normBias?: (config: ConfigReader) => boolean;
  /** The last norm; null where there is none. */
  lastNorm?: string | null;
  tied?: boolean;
  /** The share of a head that is rotated. */
  rotated?: (config: ConfigReader) => number;
  head?: Decoder["head"];
}

/** llama's two norms of a layer. */
const TWO_NORMS = ["input_layernorm", "post_attention_layernorm"];

/** A decoder of llama's lineage: embedding, layers, a last norm. */
export function decoder(parts: DecoderParts): Decoder {
  const {
    norms = TWO_NORMS,
    normBias = () => false,
    lastNorm = "norm",
    rotated = () => 1,
  } = parts;
  return {
    prefix: "model",
    tied: parts.tied ?? false,
    ...(parts.head ? { head: parts.head } : {}),
    body(config, scope) {
      const heads = headsOf(config);
      const { hidden, headDim } = heads;
      const bias = normBias(config);
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      const layers = allLayers(config.size("num_hidden_layers"));
      const layer = scope.layers("layers", layers);
      parts.attention(config, layer, heads);
      feedForward(parts, config, scope);
      for (const name of norms) layer.norm(name, hidden, { bias });
      if (lastNorm !== null) scope.norm(lastNorm, hidden, { bias });
      rotaryBuffers(scope, Math.floor(headDim * rotated(config)));
    },
  };
}

function feedForward(
  { mlp = plainMlp, experts, isSparse }: DecoderParts,
  config: ConfigReader,
  scope: TensorScope,
): void {
  const hidden = config.size("hidden_size");
  const layers = config.size("num_hidden_layers");
  const picks = isSparse?.(config) ?? (() => true);
  const sparse = experts ? layersWhere(layers, picks) : [];
  const dense = experts
    ? layersWhere(layers, (at) => !picks(at))
    : allLayers(layers);
  if (dense.length > 0) mlp(config, scope.layers("layers", dense), hidden);
  if (sparse.length > 0) {
    experts?.(config, scope.layers("layers", sparse), hidden);
  }
}

function plainMlp(
  config: ConfigReader,
  layer: TensorScope,
  hidden: number,
): void {
  gatedMlp(layer, hidden, config.size("intermediate_size"));
}
