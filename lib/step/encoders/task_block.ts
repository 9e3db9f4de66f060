import type { HeadBlock, HeadInput } from "../loss_block.ts";
import { lossBlock, takeHidden } from "../loss_block.ts";
import type { MachineSettings, Value } from "../machine.ts";
import { Machine } from "../machine.ts";
import { activation } from "../ops/activations.ts";
import { adaptedLinear } from "../ops/adapted_linear.ts";
import { add, savingOutput, scaled, slice } from "../ops/arithmetic.ts";
import { dropout } from "../ops/dropout.ts";
import type { LossSettings } from "../ops/loss.ts";
import { fullLoss, plainCrossEntropy } from "../ops/loss.ts";
import { norm } from "../ops/norms.ts";
import type { StackPlan } from "../plan/encoders/stack_plan.ts";
import type {
  HeadStep,
  LossBranch,
  TaskHead,
} from "../plan/encoders/task_head.ts";

/** Records what stands after the last stack, and its loss. */
export function recordTask(
  settings: MachineSettings,
  { batch, tokens, width }: StackPlan,
  head: TaskHead,
  loss: LossSettings,
  given: HeadInput,
): HeadBlock {
  const m = new Machine(settings);
  m.part = "logits and loss";
  const hidden = takeHidden(m, batch * tokens * width, given);
  const { x } = hidden;
  const sizes = [batch, tokens, width] as const;
  const { beside } = head;
  // A second loss reads the same states, which its code holds till then.
  const states = beside ? m.view(x) : x;
  const { value, logits } = branch(m, states, sizes, head, loss);
  const other = beside && branch(m, x, sizes, beside, loss);
  if (other) m.drop(...other.logits);
  const total = other ? add(m, value, other.value, "sum of losses") : value;
  if (other) m.drop(other.value);
  const { keepsLogits } = loss;
  const ended = { loss: total, terms: [value], logits, keepsLogits };
  return lossBlock(m, settings, hidden, ended, given);
}

/** One loss, and the logits that the caller holds; ends the hold on x. */
function branch(
  m: Machine,
  x: Value,
  [batch, tokens, width]: readonly [number, number, number],
  { reads, steps, logits: head }: LossBranch,
  loss: LossSettings,
): { value: Value; logits: readonly Value[] } {
  const readsAll = reads === "tokens";
  const rows = readsAll ? batch * tokens : batch;
  let hidden = readsAll ? m.view(x) : slice(m, x, batch * width);
  m.drop(x);
  for (const step of steps) {
    const next = taken(m, hidden, rows, step);
    m.drop(hidden);
    hidden = next;
  }
  const { loss: value, logits } = head
    ? fullLoss(m, hidden, rows, head, loss)
    : { loss: plainCrossEntropy(m, hidden), logits: null };
  m.drop(hidden);
  return { value, logits: logits ? [logits] : [] };
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
