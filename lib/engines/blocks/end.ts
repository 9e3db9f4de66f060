import type { Block } from "../../play/record/block.ts";
import { recordTask } from "../../play/record/encoders/task_block.ts";
import type { HeadInput } from "../../play/record/loss_block.ts";
import type { HeadPlan } from "../../play/record/outer_blocks.ts";
import { recordHead } from "../../play/record/outer_blocks.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import type { StepPlan } from "../../plan/step_plan.ts";

/**
 * Records what a decoder ends in, and its loss: a vocabulary, or what its class has
 * in place of one.
 */
export function recordEnd(
  settings: MachineSettings,
  { classHead, facts: { batch, sequence } }: StepPlan,
  plan: HeadPlan,
  given: HeadInput,
): Block {
  if (!classHead) return recordHead(settings, plan, given);
  const { norm, hidden, loss } = plan;
  return recordTask(
    { ...settings, awaited: null },
    { batch, tokens: sequence, width: hidden },
    { ...classHead, beside: null, isTied: false, offset: null },
    { ...loss, copies: classHead.copies, ...PLAIN },
    given,
    norm,
  );
}

/** No kernel of Liger's or of torch.compile knows the losses of labels. */
const PLAIN = { kernel: "eager", softcap: false, scaled: false } as const;
