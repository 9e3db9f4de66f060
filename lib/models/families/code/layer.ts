import type { Config } from "../../config.ts";
import type { ByConfig, Setting } from "./setting.ts";

/** How a family norms. */
export type NormKind =
  /** LlamaRMSNorm: fp32 inside, the weight applied in the input's type. */
  | "rms"
  /** T5LayerNorm: the variance in fp32, the product in the wider type. */
  | "t5"
  /** GemmaRMSNorm: fp32 with the weight, cast at its end. */
  | "gemma"
  /** Olmo2RMSNorm: as Gemma's, with the weight as it is. */
  | "olmo2"
  /** Gemma4RMSNorm: as Olmo2's, with a weight in fp32 and its root as a power. */
  | "powered"
  /** CohereLayerNorm: a mean is taken off first; fp32 with the weight. */
  | "cohere"
  /** torch.nn.LayerNorm, one kernel. */
  | "layer"
  /** The same with 1 added to its weight, in autocast's type: Nemotron. */
  | "layer1p"
  /** The same kernel in fp32 without parameters, cast back: OLMo. */
  | "bare"
  /** LlamaRMSNorm without its weight: nanochat. */
  | "bare rms"
  /** No norm: a learned vector's product, in a norm's place. InternVL's tower. */
  | "vector"
  /** No norm: tanh of a number that learns, in a norm's place: Llama 3.2 Vision. */
  | "gate"
  /** Liger's kernel, which keeps its input and one number a row. */
  | "fused"
  /** A compiled kernel, which keeps the same. */
  | "compiled";

/** Where norms stand: before each half, around it, after it, or once for both. */
export type Arrangement = "pre" | "sandwich" | "post" | "parallel";

/** How a decoder's layer is put together. */
export interface LayerCode {
  /** How norms without a bias are computed; those with one are LayerNorms. */
  readonly norm: NormKind;
  readonly arrangement: ByConfig<Arrangement>;
  /** Whether a layer's code holds what its attention read till its end. */
  readonly holdsNormed: boolean;
  /** Whether a layer's code holds what its attention gave till its end. */
  readonly holdsAttended: boolean;
  /** Whether a parallel layer adds attention to the MLP's output in place. */
  readonly addsInPlace: boolean;
  /** Whether layers may have no attention, or no MLP: Nemotron-NAS. */
  readonly leavesOut: boolean;
  /** Whether what a layer gives is multiplied by a buffer, in place: Gemma 4. */
  readonly scalesInPlace: boolean;
}

/** Where configs name an activation function. */
export const ACTIVATION_KEYS = [
  "hidden_activation",
  "hidden_act",
  "activation_function",
  "afn",
] as const;

/** How a decoder's MLP runs. */
export interface MlpCode {
  readonly activation: Setting<string>;
  /** Whether the layer's own code runs it, over one variable. */
  readonly isInline: boolean;
  /** Whether its gate and what it gives are multiplied by numbers: Falcon-H1. */
  readonly isMultiplied: boolean;
  /** Which layers cut gates off, by the config; null where none does: Gemma 3n. */
  readonly cutsGate: ((layer: number, config: Config) => boolean) | null;
}

/** Shares that a model drops in training. */
export interface DropoutCode {
  readonly attention: Setting;
  readonly residual: Setting;
  readonly embedding: Setting;
}

/** What a type multiplies by numbers of its config, if only by one. */
export interface Multiplied {
  readonly embeddings: boolean;
  readonly residuals: boolean;
  readonly logits: boolean;
}

/** What runs before a decoder's layers. */
export interface EmbeddingCode {
  /** Whether the embeddings' own module scales them: Gemma. */
  readonly scaled: "by module" | "by model before 5" | null;
  /** Whether positions are counted for each sequence, by its mask: OPT. */
  readonly ownPositions: boolean;
  /** Whether a norm without parameters stands behind them: nanochat. */
  readonly normsBare: boolean;
}
