import { blockOf, segmentOf } from "../block.ts";
import type { Dtype } from "../dtype.ts";
import type { MachineSettings, Value } from "../machine.ts";
import { Machine } from "../machine.ts";
import { activation } from "../ops/activations.ts";
import { adaptedLinear } from "../ops/adapted_linear.ts";
import { add, savingOutput, scaled, slice } from "../ops/arithmetic.ts";
import { dropout } from "../ops/dropout.ts";
import type { LossSettings } from "../ops/loss.ts";
import { fullLoss, plainCrossEntropy } from "../ops/loss.ts";
import { norm } from "../ops/norms.ts";
import type { HeadBlock } from "../outer_blocks.ts";
import type { PartName } from "../parts.ts";
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
  given: { dtype: Dtype; needsGrad: boolean; part: PartName },
): HeadBlock {
  const m = new Machine(settings);
  m.part = "logits and loss";
  const input = m.input();
  const x = m.external(
    batch * tokens * width,
    given.dtype,
    "hidden states",
    given.needsGrad ? { node: input, slot: 0 } : null,
    given.part,
  );
  const sizes = [batch, tokens, width] as const;
  const { beside } = head;
  // A second loss reads the same states, which its code holds till then.
  const states = beside ? m.view(x) : x;
  const { value, logits } = branch(m, states, sizes, head, loss);
  const other = beside && branch(m, x, sizes, beside, loss);
  if (other) m.drop(...other.logits);
  const total = other ? add(m, value, other.value, "sum of losses") : value;
  if (other) m.drop(other.value);
  const forward = m.tape.events.length;
  m.endForward();
  const exit = m.tape.events.length;
  if (!loss.keepsLogits) m.drop(...logits);
  const dropped = m.tape.events.length;
  m.backward(total, m.grad(null, 1, "fp32", "gradient of the loss"));
  m.drop(...logits);
  m.drop(value, total);
  const { awaited } = settings;
  return {
    ...blockOf(m, [forward, null, exit], {
      input: x.storage,
      output: null,
      gradIn: input.grads[0]?.storage ?? null,
      gradOut: null,
      tiedGrad: awaited ? m.waitingFor(awaited)?.storage ?? null : null,
      outputDtype: given.dtype,
    }, given.part),
    dropped: segmentOf(m.tape, exit, dropped),
    backward: segmentOf(m.tape, dropped, m.tape.events.length),
  };
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
