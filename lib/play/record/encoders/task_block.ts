import type { Block } from "../block.ts";
import type { HeadInput } from "../loss_block.ts";
import { lossBlock, takeHidden } from "../loss_block.ts";
import type { MachineSettings } from "../../torch/machine_settings.ts";
import { Machine } from "../../torch/machine.ts";
import { add } from "../../torch/ops/arithmetic.ts";
import type { LossSettings } from "../../torch/ops/loss.ts";
import type { Norm } from "../../torch/ops/norms.ts";
import { norm } from "../../torch/ops/norms.ts";
import type { StackEnds } from "./stack_ends.ts";
import type { TaskHead } from "../task_head.ts";
import { after, taskLoss } from "../task_loss.ts";

/**
 * Records what stands after the last stack, and its loss.
 *
 * @param last The norm that ends the model's body, where its code is a body's.
 */
export function recordTask(
  settings: MachineSettings,
  { batch, tokens, width }: Pick<StackEnds, "batch" | "tokens" | "width">,
  head: TaskHead,
  loss: LossSettings,
  given: HeadInput,
  last: Norm | null = null,
): Block {
  const m = new Machine(settings);
  m.part = "norm activations";
  const hidden = takeHidden(m, batch * tokens * width, given);
  const rows = batch * tokens;
  const ends = head.body ?? [];
  const normed = last ? norm(m, hidden.x, rows, last, "final norm") : hidden.x;
  if (last) m.drop(hidden.x);
  const x = after(m, normed, rows, ends);
  const body = m.tape.events.length;
  m.part = "logits and loss";
  const sizes = [batch, tokens, width] as const;
  const { beside } = head;
  // What the body gave back stays in a variable of the class's code.
  const outputs = last || ends.length > 0 ? m.view(x) : null;
  // A second loss reads the same states, which its code holds till then.
  const states = beside ? m.view(x) : x;
  const { value, logits } = taskLoss(m, states, sizes, head, loss);
  const other = beside && taskLoss(m, x, sizes, beside, loss);
  if (other) m.drop(...other.logits);
  const total = other ? add(m, value, other.value, "sum of losses") : value;
  if (other) m.drop(other.value);
  if (outputs) m.drop(outputs);
  const { keepsLogits } = loss;
  const scored = () => ({ loss: total, terms: [value] });
  const ended = { body, scored, logits, keepsLogits };
  return lossBlock(m, settings, hidden, ended, given);
}
