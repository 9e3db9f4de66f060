import type { Dtype } from "../torch/dtype.ts";
import type { ActivationKind } from "../torch/ops/activations.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import type { Norm } from "../torch/ops/norms.ts";

/** An operation between the last layer and the logits. */
export type HeadStep =
  | { readonly kind: "linear"; readonly layer: AdaptedLinear }
  | { readonly kind: "activation"; readonly activation: ActivationKind }
  | { readonly kind: "tanh" }
  | { readonly kind: "scaled" }
  | { readonly kind: "norm"; readonly norm: Norm }
  | { readonly kind: "dropout"; readonly probability: number };

/** From the last layer to what a loss is taken of. */
export interface LossBranch {
  /** Rows that it reads: every token, or one or the mean of each sequence. */
  readonly reads: "tokens" | "first tokens" | "means";
  readonly steps: readonly HeadStep[];
  /** What gives the logits; null where the loss is taken of the steps' result. */
  readonly logits: AdaptedLinear | null;
  readonly loss: LossRows;
}

/**
 * What the loss is taken of: all rows of the logits, those of one token of each
 * sequence, or the two columns that say where spans begin and end.
 */
export type LossRows = "rows" | "one of each sequence" | "spans";

/** What stands after the last layer. */
export interface TaskHead extends LossBranch {
  /** What ends the body, on every token; what it gives is held until the loss. */
  readonly body?: readonly HeadStep[];
  /** In words, for the answer's reader. */
  readonly task: string;
  /** A second loss that is added: BERT's of whether sentences follow. */
  readonly beside: LossBranch | null;
  readonly isTied: boolean;
  /** The type of a row that is added to logits. */
  readonly offset: Dtype | null;
}
