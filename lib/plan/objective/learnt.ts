import type { Scenario } from "../../scenario/schema.ts";
import { fusesHead } from "../../software/trl/heads.ts";

/** What a trainer trains a model for. */
export type Learnt = NonNullable<Scenario["train"]["objective"]>;

/** Objectives that compare a policy with what it was. */
export const COMPARED: ReadonlySet<Learnt> = new Set(["dpo", "kto", "grpo"]);

/**
 * The objective whose trainer is played: of supervised fine-tuning TRL's where
 * `software.trl` names it, for others run the model's own loss.
 *
 * @returns Null where the model's own loss is all that there is, or nothing is
 *   known of the trainer.
 */
export function trainedFor(scenario: Scenario): Learnt | null {
  const { software, train } = scenario;
  const { objective } = train;
  if (software.model_code !== "transformers") return null;
  switch (objective) {
    case null:
    case "pretrain":
      return null;
    case "sft":
      return software.trl === null ? null : objective;
    case "distillation":
      return fusesHead(scenario) && train.teacher !== null ? objective : null;
    default:
      return objective;
  }
}

type Reference = NonNullable<Scenario["train"]["reference"]>;

/**
 * What a trainer compares with: a copy, or of adapters the same model without
 * them; GRPO with nothing, for its beta is 0 unless it is told otherwise.
 */
export function referenceOf(
  { train }: Pick<Scenario, "train">,
  objective: Learnt,
): Reference {
  if (!COMPARED.has(objective)) return "none";
  if (train.reference !== null) return train.reference;
  if (objective === "grpo") return "none";
  return train.method === "full" ? "copy" : "adapter-off";
}
