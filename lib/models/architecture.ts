/**
 * A decoder's dimensions, whatever family it belongs to. Encoder-decoders give
 * their decoder's width and the layers of both stacks together.
 */
export interface Architecture {
  /** `model_type` of config.json, or OF_DIMENSIONS. */
  type: string;
  layers: number;
  hidden_size: number;
  /** 0 where the model has no attention. */
  attention_heads: number;
  kv_heads: number;
  head_dim: number;
  intermediate_size: number;
  vocab_size: number;
  tie_embeddings: boolean;
  /** Whether the MLP has a gate beside its up projection (SwiGLU and kin). */
  gated_mlp: boolean;
  /** Routed experts of a layer; 0 for a dense model. */
  experts: number;
  experts_per_token: number;
  expert_intermediate_size: number;
  shared_expert_intermediate_size: number;
  /** Layers of a mixture-of-experts model that hold a plain MLP. */
  dense_layers: number;
  max_position_embeddings: number | null;
  vision: VisionTower | null;
}

/** The type of a model of bare dimensions, which no config.json describes. */
export const OF_DIMENSIONS = "custom";

/** A vision tower's dimensions. */
export interface VisionTower {
  layers: number;
  hidden_size: number;
  patch_size: number;
}
