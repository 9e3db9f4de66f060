import type { Block } from "../../play/record/block.ts";
import { blockOf } from "../../play/record/block.ts";
import type { HeadInput } from "../../play/record/loss_block.ts";
import {
  lossBlock,
  TABLE_GRADIENT,
  takeHidden,
} from "../../play/record/loss_block.ts";
import type { PartName } from "../../answer/parts.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import type { Parameter, Value } from "../../play/torch/values.ts";
import { Machine } from "../../play/torch/machine.ts";
import { cast, mean, split } from "../../play/torch/ops/arithmetic.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import { columnParallel } from "./linear.ts";
import { lossInPlace, vocabParallelLoss } from "./loss.ts";
import type { MatrixPart, Shares } from "./shares.ts";
import { ownTokens, tokensOf } from "./shares.ts";
import type { NextTokenPart } from "./next_token.ts";
import { bothPredictions, carryingLoss } from "./next_token.ts";
import { lookedUp } from "./table.ts";

/**
 * Records the embeddings of a first stage.
 *
 * @param needsGrad Whether layers give their gradient, though the table be frozen.
 * @param mask Bytes of a mask that the forward pass holds, though no kernel reads it.
 */
export function recordTable(
  settings: MachineSettings,
  table: Parameter,
  shares: Shares,
  { part, needsGrad, mask }: {
    readonly part: PartName;
    readonly needsGrad: boolean;
    readonly mask: number;
  },
): Block {
  const m = new Machine(settings);
  const begun = settings.begun && m.waitingFor(settings.begun.parameter);
  const rows = tokensOf(shares);
  m.part = "inputs";
  const inputs = ["token ids", "positions", "labels"].map((name) =>
    m.create(rows, "int64", name)
  ) as [Value, Value, Value];
  const held = mask > 0 ? m.create(mask, "uint8", "mask of attention") : null;
  m.part = "embeddings";
  const out = lookedUp(m, table, inputs[0], shares);
  m.drop(...inputs);
  const forward = m.tape.events.length;
  if (held) m.drop(held);
  const exit = m.tape.events.length;
  const gradOut = needsGrad
    ? m.external(
      out.elements,
      out.dtype,
      "gradient of hidden states",
      null,
      "activation gradients",
    )
    : null;
  if (gradOut) m.backward(out, gradOut);
  return blockOf(m, [forward, null, exit], {
    in: null,
    out: out.storage,
    gradIn: null,
    gradOut: gradOut?.storage ?? null,
    carried: begun
      ? [{ name: TABLE_GRADIENT, taken: begun.storage, given: null }]
      : [],
    outputDtype: out.dtype,
  }, part);
}

/** What stands behind the last stage's layers. */
export interface HeadPart {
  readonly norm: Norm;
  readonly head: MatrixPart;
  /**
   * How the loss reads the logits: in their own memory (Transformer Engine), as they
   * are, so with a gradient that is compiled, of an fp32 copy of its own, or of one
   * that the caller keeps.
   */
  readonly lossOf: "memory" | "logits" | "compiled" | "copy" | "kept copy";
  /** What predicts the token after the next one; null where nothing does. */
  readonly next: NextTokenPart | null;
}

/**
 * Records the last norm, the logits of this rank's part of the vocabulary and the
 * loss.
 *
 * Source: megatron/core/models/gpt/gpt_model.py, GPTModel._postprocess
 */
export function recordLogits(
  settings: MachineSettings,
  { norm: last, head, lossOf, next }: HeadPart,
  shares: Shares,
  given: HeadInput,
): Block {
  const m = new Machine(settings);
  const rows = tokensOf(shares);
  m.part = "norm activations";
  const taken = takeHidden(m, ownTokens(shares) * head.in, given);
  const { x } = taken;
  const normed = norm(m, x, ownTokens(shares), last, "final norm");
  m.drop(x);
  let body = m.tape.events.length;
  const take = lossOf === "memory" ? lossInPlace : vocabParallelLoss;
  const predicted = (given: Value, label: string): [Value, Value] => {
    const own = columnParallel(m, given, head, shares, label);
    const isWide = lossOf === "copy" || lossOf === "kept copy";
    const logits = isWide ? cast(m, own, "fp32", `${label} in fp32`) : own;
    if (lossOf === "kept copy") {
      m.drop(own);
      // The model has given its logits.
      body = m.tape.events.length;
    }
    const losses = take(m, logits, rows, shares.tp, lossOf === "compiled");
    const loss = mean(m, losses, 1, "loss");
    m.drop(losses);
    if (lossOf === "copy") m.drop(logits);
    return [lossOf === "copy" ? own : logits, loss];
  };
  const further: Value[] = [];
  let hidden = normed;
  if (next) {
    m.part = "residual stream";
    const both = bothPredictions(m, normed, next, shares);
    m.drop(normed);
    const half = both.elements / 2;
    const [own, ahead] = split(m, both, [half, half]) as [Value, Value];
    m.part = "logits and loss";
    further.push(...predicted(ahead, "logits of the token after the next"));
    hidden = carryingLoss(m, own, further[1] as Value);
    // A variable of the model's code holds its logits until it returns.
    m.drop(both, own, ahead);
  }
  m.part = "logits and loss";
  const [logits, loss] = predicted(hidden, "logits");
  m.drop(hidden, logits, ...further);
  const scored = () => ({ loss, terms: [] });
  const ended = { body, scored, logits: [], keepsLogits: false };
  return lossBlock(m, settings, taken, ended, given);
}
