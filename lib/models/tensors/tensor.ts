/** Layers of a stack that hold the same tensor: from, to (not included), step. */
export type LayerRange = readonly [from: number, to: number, step: number];

/** What a tensor is for. */
export type Role =
  | "embedding"
  | "position"
  | "q"
  | "k"
  | "v"
  | "qkv"
  | "o"
  | "attention"
  | "norm"
  | "gate"
  | "up"
  | "gate_up"
  | "down"
  | "router"
  | "ssm"
  | "conv"
  | "projector"
  | "head"
  | "other";

/** Which piece of the model a tensor belongs to, as fine-tuning selects them. */
export type ModelPiece =
  | "language_model"
  | "vision_tower"
  | "audio_tower"
  | "projector"
  | "embeddings"
  | "lm_head";

/**
 * The kind of module that holds a tensor: LoRA and quantisers go by it. A
 * "parameter" lies in a module of its own class, such as 3-D experts.
 */
export type ModuleKind =
  | "linear"
  | "conv1d"
  | "conv"
  | "embedding"
  | "norm"
  | "parameter";

/** A parameter tensor, or as many of one shape as its stack has layers. */
export interface Tensor {
  /**
   * Its name in the state dict of transformers, with N for the number of the
   * layer: "model.layers.N.self_attn.q_proj.weight".
   */
  name: string;
  shape: readonly number[];
  role: Role;
  piece: ModelPiece;
  module: ModuleKind;
  /** The layers that have it; null for a tensor that stands once. */
  layers: readonly LayerRange[] | null;
  /** The dimension that tensor parallelism splits; null when every rank has all. */
  split: number | null;
  /** Whether it belongs to routed experts, of which a token uses some. */
  expert: boolean;
  /** Whether quantisers store it in fewer bits. */
  quantized: boolean;
  /** Kept in this type whatever the rest is loaded in; null for the model's. */
  dtype: "fp32" | null;
  /** Whether a scenario leaves it as it is, whatever else trains. */
  frozen?: true;
  /** How its checkpoint's headers say that layers store it, where they were read. */
  stored?: readonly StoredLayers[];
}

/** How some layers store a tensor. */
export interface StoredLayers {
  readonly layers: readonly LayerRange[] | null;
  /** The type of its codes or numbers, as safetensors calls it. */
  readonly dtype: string;
  /** Of one layer's, all experts and what stands beside them included. */
  readonly bytes: number;
}

/** A tensor that is no parameter: not trained, but resident. */
export interface ModelBuffer {
  name: string;
  shape: readonly number[];
  layers: readonly LayerRange[] | null;
  bytes_per_element: number;
  /** Whether it has the type that weights are loaded in; fp32 is told then. */
  as_weights?: true;
}

/** How many tensors of a shape there are: one, or one a layer. */
export function copiesOf(
  { layers }: { layers: readonly LayerRange[] | null },
): number {
  if (layers === null) return 1;
  return layers.reduce(
    (sum, [from, to, step]) => sum + Math.max(0, Math.ceil((to - from) / step)),
    0,
  );
}

/** The elements of one tensor. */
export function elementsOf({ shape }: { shape: readonly number[] }): number {
  return shape.reduce((product, size) => product * size, 1);
}
