import type { Scenario } from "../../scenario/schema.ts";
import { isFrom } from "../../scenario/version.ts";

/**
 * Whether TRL's trainers make no logits: `add_fused_lm_head` came with 1.15. One
 * that is not said is the newest.
 */
export function fusesHead({ software }: Pick<Scenario, "software">): boolean {
  return isFrom(software.trl, [1, 15]);
}

/**
 * Whether Liger's chunked loss takes the place of an objective's own: TRL hands it
 * hidden states, until its own head came.
 *
 * Source: huggingface/trl 1.8.0 trainer/grpo_trainer.py, compute_liger_loss;
 * dpo_trainer.py, _compute_loss_liger
 */
export function takesLiger(
  scenario: Pick<Scenario, "software" | "train">,
  objective: string,
): boolean {
  return (objective === "grpo" || objective === "dpo") &&
    scenario.train.loss === "fused" &&
    !fusesHead(scenario);
}
