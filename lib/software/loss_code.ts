import type { LogitCopies } from "../models/families/code/loss.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { HeadLoss } from "../play/torch/ops/head_loss.ts";

/** A loss in pieces. */
export interface PiecesLoss {
  readonly take: HeadLoss;
  /** Whether the caller holds the logits through the backward pass. */
  readonly keepsLogits: boolean;
}

/** How a program makes a loss of logits. */
export interface LossCode {
  /** What it makes of the logits of all tokens. */
  readonly copies: LogitCopies;
  /** Whether `train.kernels` compile leaves the loss of all tokens as it was. */
  readonly staysEager: boolean;
  /** Whether the logits are handed out in fp32. */
  readonly widensOutputs: boolean;
  /**
   * The loss that `train.loss` chunked means.
   *
   * @param input The type that model code casts hidden states to for its head.
   * @throws {TapeFull} Of more pieces than are recorded.
   */
  pieces(input: Dtype | null): PiecesLoss;
  /** What is taken to be meant by it, in words; null where it is the program's. */
  readonly piecesAssumed: string | null;
  /** What takes the loss whatever `train.loss` says; null: nothing. */
  readonly own: HeadLoss | null;
}
