import type { Draft } from "../reading/draft.ts";
import type { FileSetting } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { readSwitch } from "../reading/values.ts";
import { plainText } from "../reading/plain_text.ts";
import { switchOf } from "../reading/rules.ts";
import { objectiveRule } from "../reading/vocabulary/objective.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { rolloutRules } from "../reading/vocabulary/rollout.ts";

/** What TRL's command and scripts are called, by what they train for. */
export const TRAINERS: Readonly<Record<string, string>> = {
  sft: "sft",
  dpo: "dpo",
  kto: "kto",
  orpo: "orpo",
  reward: "reward",
  grpo: "grpo",
  rloo: "grpo",
  gkd: "distillation",
};

/** Keys that one trainer's configuration has and others lack. */
const TOLD_BY: readonly [objective: string, keys: readonly string[]][] = [
  ["grpo", ["num_generations", "max_completion_length", "reward_funcs"]],
  ["kto", ["desirable_weight", "undesirable_weight"]],
  [
    "dpo",
    [
      "precompute_ref_log_probs",
      "rpo_alpha",
      "label_smoothing_dpo",
      "f_divergence_type",
    ],
  ],
  ["reward", ["center_rewards_coefficient"]],
];

/** Losses of trainers that score pairs or completions. */
const SCORING =
  /^(?:sigmoid\w*|hinge|ipo|exo_pair|nca_pair|robust|bco_pair|sppo_hard|aot\w*|apo_\w+|discopop|sft|kto|grpo|dr_grpo|dapo|bnpo|cispo|gspo|simpo|rloo)$/;

/** Whether a value of loss_type is one of the trainers that score. */
export function isScoringLoss(type: string): boolean {
  return SCORING.test(type);
}

/** What TRL trains for, and what it learns from beside the model. */
export const OBJECTIVE_RULES: readonly Rule[] = [
  objectiveRule("trl_trainer", TRAINERS),
  ...rolloutRules(),
  {
    keys: ["precompute_ref_log_probs"],
    fields: ["train.reference"],
    values: "true → precomputed",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "train.reference", "precomputed");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  {
    keys: ["beta"],
    fields: ["train.reference"],
    values: "grpo: 0 → none, above 0 → copy, of adapters adapter-off",
    read: (setting, draft, all) => {
      if (objectiveOf(draft, all) === "grpo") {
        stateReference(setting, draft, all);
      } else draft.leave(setting, "decides no GPU memory of a training step");
    },
  },
  {
    ...modelRule(["teacher_model_name_or_path"]),
    fields: ["train.teacher"],
    read: (setting, draft) => {
      draft.state(setting, "train.teacher", plainText(setting.value));
    },
  },
];

/** A reference is there where the distance from it counts. */
function stateReference(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
): void {
  const isNone = Number(setting.value) === 0;
  const adapts = draft.facts.get("adapters")?.value === true ||
    readSwitch(all.get("use_peft")) === true;
  draft.state(
    setting,
    "train.reference",
    isNone ? "none" : adapts ? "adapter-off" : "copy",
  );
}

/** What a run is trained for, by its trainer's name or its own keys. */
export function objectiveOf(draft: Draft, all: FileSettings): string | null {
  const stated = draft.stated.get("train.objective")?.value;
  if (typeof stated === "string") return stated;
  if (all.has("teacher_model_name_or_path")) return "distillation";
  return TOLD_BY.find(([, keys]) => keys.some((key) => all.has(key)))?.[0] ??
    null;
}

/** Fills in the objective that keys tell, and what its trainer does by itself. */
export function assumeObjective(draft: Draft, all: FileSettings): void {
  const objective = objectiveOf(draft, all);
  if (objective === null) return;
  draft.assume(
    "train.objective",
    objective,
    "its settings are those of TRL's trainer",
  );
  if (objective === "distillation" && isGkd(all)) {
    draft.assume(
      "train.loss_type",
      "generalized_jsd",
      "GKDTrainer makes all logits of both models",
    );
  }
  if (objective !== "grpo") return;
  draft.assume("train.generations", 8, "num_generations is 8 by default");
  draft.assume(
    "train.completion_tokens",
    512,
    "max_completion_length is 512 by default",
  );
  draft.assume(
    "train.prompt_tokens",
    512,
    "no setting says how long prompts are",
  );
  draft.assume(
    "train.sequence_length",
    Number(draft.valueAt("train.prompt_tokens")) +
      Number(draft.valueAt("train.completion_tokens")),
    "a prompt and its completion",
  );
  if (!all.has("beta")) {
    draft.assume("train.reference", "none", "beta is 0 by default");
  }
}

/** Whether the trainer is GKDTrainer, by its name or keys of its own. */
function isGkd(all: FileSettings): boolean {
  return plainText(all.get("trl_trainer") ?? "") === "gkd" ||
    all.has("lmbda") || all.has("seq_kd");
}
