/** How linear layers run that are none of torch's own. */
export type LinearHow = Float8How | FakeQuantisedHow | EngineHow;

/** Both factors of each product are cast to 8 bits. */
export interface Float8How {
  readonly kind: "float8";
  /** Whether rows and columns have scales of their own, or a tensor one. */
  readonly byRows: boolean;
  /** Whether the weight's gradient is multiplied in the tensors' own type. */
  readonly wideGradients: boolean;
  /** Whether compiled kernels cast at once, and nothing in fp32 stands. */
  readonly fused: boolean;
}

/**
 * Transformer Engine's: weights stand in 8 bits beside their own type, and inputs are
 * saved in 8 bits.
 */
export interface EngineHow {
  readonly kind: "engine";
}

/** Both factors are rounded as if they were stored in fewer bits. */
export interface FakeQuantisedHow {
  readonly kind: "fake";
  /** Whether the input is rounded too, a token at a time. */
  readonly activations: boolean;
  /** Elements of a weight's row that share a scale. */
  readonly group: number;
}
