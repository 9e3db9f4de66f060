import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { activation } from "../torch/ops/activations.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  add,
  copied,
  savingOutput,
  scaled,
  slice,
} from "../torch/ops/arithmetic.ts";
import { split } from "../torch/ops/arithmetic.ts";
import { dropout } from "../torch/ops/dropout.ts";
import { gathered } from "../torch/ops/gather.ts";
import { plainCrossEntropy } from "../torch/ops/cross_entropy.ts";
import type { LossSettings } from "../torch/ops/loss.ts";
import { fullLoss } from "../torch/ops/loss.ts";
import { norm } from "../torch/ops/norms.ts";
import type { HeadStep, LossBranch } from "./task_head.ts";

/** A loss, and the logits that the caller holds. */
export interface TaskLoss {
  readonly value: Value;
  readonly logits: readonly Value[];
}

/** Batch, tokens of each sequence, and the width of hidden states. */
export type StateSizes = readonly [
  batch: number,
  tokens: number,
  width: number,
];

/** Records one loss of hidden states; ends the hold on them. */
export function taskLoss(
  m: Machine,
  x: Value,
  [batch, tokens, width]: StateSizes,
  { reads, steps, logits: head, loss: takes }: LossBranch,
  loss: LossSettings,
): TaskLoss {
  const readsAll = reads === "tokens";
  const rows = readsAll ? batch * tokens : batch;
  const read = readsAll
    ? m.view(x)
    : reads === "means"
    ? meanOfEach(m, x, batch * width)
    : slice(m, x, batch * width);
  m.drop(x);
  const hidden = after(m, read, rows, steps);
  if (takes === "one of each sequence") {
    const one = oneOfEach(m, hidden, [batch, tokens], head);
    m.drop(hidden);
    const value = plainCrossEntropy(m, one);
    if (head) return { value, logits: [one] };
    m.drop(one);
    return { value, logits: [] };
  }
  if (takes === "spans" && head) {
    const logits = adaptedLinear(m, hidden, rows, head, "logits");
    m.drop(hidden);
    return spans(m, logits);
  }
  const { loss: value, logits } = head
    ? fullLoss(m, hidden, rows, head, loss)
    : { loss: plainCrossEntropy(m, hidden), logits: null };
  m.drop(hidden);
  return { value, logits: logits ? [logits] : [] };
}

/**
 * The mean of each sequence's tokens that are no padding.
 *
 * Source: huggingface/transformers models/modernbert/modeling_modernbert.py,
 * ModernBertForSequenceClassification.forward
 */
function meanOfEach(m: Machine, x: Value, elements: number): Value {
  return m.call(() => {
    const product = scaled(m, x, "states by the mask");
    // The gradient of a sum is a view of one row.
    return m.create(elements, x.dtype, "means of tokens", product.source);
  });
}

/**
 * What one token of each sequence gives: logits are made of all tokens, and the
 * last token that is no padding is looked for; without a head a view is taken.
 *
 * Source: huggingface/transformers modeling_layers.py,
 * GenericForSequenceClassification
 */
function oneOfEach(
  m: Machine,
  hidden: Value,
  [batch, tokens]: readonly [batch: number, tokens: number],
  head: LossBranch["logits"],
): Value {
  const rows = batch * tokens;
  if (!head) return slice(m, hidden, batch * hidden.elements / rows);
  const logits = adaptedLinear(m, hidden, rows, head, "logits");
  const mask = m.create(rows, "int32", "tokens that are no padding");
  const places = m.create(tokens, "int32", "places of tokens");
  const product = m.create(rows, "int32", "places that are no padding");
  m.drop(product);
  const labels = logits.elements / rows;
  const one = m.keep(
    gathered(m, logits, batch * labels, batch, "logits of one token"),
  );
  m.drop(logits, mask, places);
  return one;
}

/**
 * Two columns of the logits, each of them a copy, and a cross entropy over the
 * tokens of each.
 *
 * Source: huggingface/transformers modeling_layers.py,
 * GenericForQuestionAnswering; loss/loss_utils.py, ForQuestionAnsweringLoss
 */
function spans(m: Machine, logits: Value): TaskLoss {
  const half = logits.elements / 2;
  const columns = split(m, logits, [half, half]);
  const [start, end] = ["starts", "ends"].map((name, at) =>
    m.keep(copied(m, columns[at] as Value, `logits of ${name}`))
  ) as [Value, Value];
  m.drop(logits, ...columns);
  const [first, second] = [start, end].map((each) =>
    plainCrossEntropy(m, each)
  ) as [Value, Value];
  const sum = add(m, first, second, "sum of losses");
  const value = scaled(m, sum, "mean of losses");
  m.drop(first, second, sum);
  return { value, logits: [start, end] };
}

/** What steps make of rows; these themselves are gone. */
export function after(
  m: Machine,
  x: Value,
  rows: number,
  steps: readonly HeadStep[],
): Value {
  let hidden = x;
  for (const step of steps) {
    const next = taken(m, hidden, rows, step);
    m.drop(hidden);
    hidden = next;
  }
  return hidden;
}

function taken(m: Machine, x: Value, rows: number, step: HeadStep): Value {
  switch (step.kind) {
    case "linear":
      return adaptedLinear(m, x, rows, step.layer);
    case "activation":
      return activation(m, x, step.activation, "head activation");
    case "tanh":
      return savingOutput(m, x, "tanh of the head");
    case "scaled":
      return scaled(m, x, "scaled hidden states");
    case "norm":
      return norm(m, x, rows, step.norm, "final norm");
    case "dropout":
      return dropout(m, x, step.probability, "head");
  }
}
