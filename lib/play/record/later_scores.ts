import type { Machine } from "../torch/machine.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { slice } from "../torch/ops/arithmetic.ts";
import type { LossSettings } from "../torch/ops/loss.ts";
import { logitsOf } from "../torch/ops/loss.ts";
import type { Value } from "../torch/values.ts";
import type { Ended, Scored } from "./loss_block.ts";

/** What a trainer makes of the logits that a model's forward pass gives. */
export interface LaterScores {
  /** Whether it takes hidden states: the model makes no logits. */
  readonly ofHidden?: boolean;
  /** Of how many rows the model is asked for logits. */
  readonly rows: number;
  /** A loss that the model takes itself, of the logits in their own type. */
  readonly inModel?: (
    m: Machine,
    logits: Value,
    rows: number,
    settings: LossSettings,
  ) => Value;
  readonly by: (
    m: Machine,
    given: Value,
    loss: Value | null,
    head: AdaptedLinear,
  ) => Scored;
}

/** A head, the rows that reach it, and how its logits are made. */
interface HeadSizes {
  readonly rows: number;
  readonly head: AdaptedLinear;
  readonly loss: LossSettings;
}

/** Logits that the model hands out, and what its caller makes of them. */
export function scoredLater(
  m: Machine,
  normed: Value,
  { rows, head, loss }: HeadSizes,
  { rows: asked, ofHidden = false, inModel, by }: LaterScores,
): Pick<Ended, "logits" | "scored"> {
  if (ofHidden) {
    m.keep(normed);
    return { logits: [normed], scored: () => by(m, normed, null, head) };
  }
  const read = asked === rows
    ? m.view(normed)
    : slice(m, normed, asked * head.in);
  m.drop(normed);
  const logits = logitsOf(m, read, asked, head, loss);
  m.drop(read);
  const own = inModel ? inModel(m, logits, asked, loss) : null;
  return { logits: [logits], scored: () => by(m, logits, own, head) };
}
