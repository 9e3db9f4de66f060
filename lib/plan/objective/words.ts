import type { Scenario } from "../../scenario/schema.ts";
import { fusesHead } from "../../software/trl/heads.ts";
import type { Learnt } from "./learnt.ts";

/** Dotted paths of the fields that an objective's step heeds. */
export const HEEDED: readonly string[] = [
  "train.objective",
  "train.reference",
  "train.prompt_tokens",
  "train.completion_tokens",
  "train.teacher",
  "train.generations",
  "train.rollout.engine",
];

/** What is taken for granted of a trainer. */
export function assumptionsOf(
  scenario: Scenario,
  objective: Learnt,
): string[] {
  const { software, train } = scenario;
  if (objective === "classification") return [];
  const release = software.trl ?? "1.16, for software.trl names none";
  const made = objective === "reward"
    ? "scores pairs in one pass"
    : objective !== "orpo" && fusesHead(scenario)
    ? "makes no logits: log-probabilities are taken a tile at a time"
    : "makes logits";
  return [
    `train.objective ${objective}: the step is that of TRL ${release}, which ${made}`,
    ...(objective === "grpo" && train.reference === null
      ? [
        "train.reference none: GRPO's beta is 0 by default, and no reference is loaded",
      ]
      : []),
    ...(objective === "distillation"
      ? ["DistillationTrainer is played; GKDTrainer makes both models' logits"]
      : []),
  ];
}

/** What of a trainer's step is not in it. */
export function warningsOf(scenario: Scenario, objective: Learnt): string[] {
  const { train } = scenario;
  const isLiger = train.loss === "fused" && !fusesHead(scenario) &&
    ["dpo", "kto", "grpo"].includes(objective);
  const rolls = objective === "grpo" || objective === "distillation";
  return [
    ...(isLiger
      ? [
        `train.loss fused: Liger's loss of train.objective ${objective} in TRL ${scenario.software.trl} is not played: all logits are, which take more`,
      ]
      : []),
    ...(rolls && train.rollout.engine !== "external"
      ? [
        `train.objective ${objective}: what generation takes before the update, with train.rollout.engine ${
          train.rollout.engine ?? "as the trainer has it"
        }, is not played`,
      ]
      : []),
  ];
}
