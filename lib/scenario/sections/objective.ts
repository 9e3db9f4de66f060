import { z } from "zod";
import { field } from "../about.ts";
import { count, factor, flag, tokens } from "../fields.ts";
import { MAX_SEQUENCES, MAX_TOKENS } from "../limits.ts";
import { modelField } from "../model_field.ts";
import * as when from "../when.ts";

/** What a model is trained for. */
const OBJECTIVES = [
  "sft",
  "pretrain",
  "dpo",
  "kto",
  "orpo",
  "reward",
  "classification",
  "grpo",
  "distillation",
  "embedding",
] as const;

const UNPROMPTED = [null, "pretrain", "classification", "embedding"] as const;

const completed = { path: "train.objective", not: UNPROMPTED } as const;

/** Whether an objective reads prompts and scores their completions. */
export function scoresCompletions(
  objective: typeof OBJECTIVES[number] | null,
): boolean {
  return !UNPROMPTED.some((other) => other === objective);
}

const generated = {
  group: "objective",
  needs: [when.objective("grpo", "distillation")],
} as const;

const rolled = { group: "objective", needs: [when.objective("grpo")] } as const;

const byVllm = {
  group: "objective",
  needs: [
    when.objective("grpo"),
    { path: "train.rollout.engine", is: ["vllm"] },
  ],
} as const;

/** How completions are made while a policy trains. */
const rollout = z.strictObject({
  engine: field(
    z.enum(["transformers", "vllm", "external"]).nullable().default(null),
    {
      ...generated,
      label: "Rollouts by",
      help:
        "`grpo`, `distillation`: who generates: `transformers`, `vllm` beside training, or `external` (elsewhere, or given)",
      blank: "as the trainer",
      flag: "--rollout-engine",
    },
  ),
  memory_utilization: field(factor(0.01, 1).nullable().default(null), {
    ...byVllm,
    label: "Rollouts' memory share",
    help:
      "`grpo` with `vllm`: the share of the GPU that vLLM takes (vllm_gpu_memory_utilization); null: 0.3, as TRL does",
    blank: "as the trainer",
    flag: "--rollout-memory-utilization",
  }),
  sleep: field(flag().nullable().default(null), {
    ...byVllm,
    label: "Rollouts sleep",
    help:
      "`grpo` with `vllm`: whether vLLM gives weights and cache back while the update runs (vllm_enable_sleep_mode); null: it does not",
    blank: "as the trainer",
    flag: "--rollout-sleep",
  }),
  steps_per_generation: field(
    count(1, MAX_SEQUENCES).nullable().default(null),
    {
      ...rolled,
      label: "Steps per rollout",
      help:
        "`grpo`: forward passes that one rollout's completions are spread over (steps_per_generation); null: as many as train.gradient_accumulation",
      blank: "as gradients accumulate",
      flag: "--steps-per-generation",
    },
  ),
  iterations: field(count(1, MAX_SEQUENCES).default(1), {
    ...rolled,
    label: "Iterations",
    help:
      "`grpo`: how often each completion is learnt from (num_iterations): above 1 the policy's log-probabilities are taken once more beforehand",
    flag: "--rollout-iterations",
  }),
  importance_sampling: field(flag().nullable().default(null), {
    ...byVllm,
    label: "Importance sampling correction",
    help:
      "`grpo` with `vllm`: whether the policy takes the completions' log-probabilities itself after vLLM has generated them (vllm_importance_sampling_correction); null: it does",
    blank: "as the trainer",
    flag: "--importance-sampling",
  }),
});

/** Fields of `train` that say what is learnt, and from what. */
export const objectiveFields = {
  objective: field(z.enum(OBJECTIVES).nullable().default(null), {
    label: "Objective",
    group: "objective",
    help:
      "`sft`, `pretrain`, `dpo`, `kto`, `orpo`, `reward`, `classification`, `grpo`, `distillation` or `embedding`; null: what the model's class learns without a trainer",
    blank: "the model's own",
    flag: "--objective",
  }),
  reference: field(
    z.enum(["none", "copy", "adapter-off", "precomputed"]).nullable()
      .default(null),
    {
      label: "Reference model",
      group: "objective",
      help:
        "`none`, `copy` (a second model), `adapter-off` (the same without its adapters) or `precomputed`; null: what the trainer does",
      blank: "as the trainer",
      flag: "--reference",
      needs: [when.objective("dpo", "kto", "orpo", "grpo")],
    },
  ),
  prompt_tokens: field(tokens(0, MAX_TOKENS).nullable().default(null), {
    label: "Prompt",
    group: "objective",
    unit: "tokens",
    help:
      "where only completions are scored: tokens of a prompt; with the completion's they are the sequence",
    flag: "--prompt-tokens",
    needs: [completed],
  }),
  completion_tokens: field(tokens(1, MAX_TOKENS).nullable().default(null), {
    label: "Completion",
    group: "objective",
    unit: "tokens",
    help: "where only completions are scored: tokens of a completion",
    flag: "--completion-tokens",
    needs: [completed],
  }),
  rejected_tokens: field(tokens(1, MAX_TOKENS).nullable().default(null), {
    label: "Rejected completion",
    group: "objective",
    unit: "tokens",
    help:
      "`dpo`: tokens of a rejected completion; null: as many as train.completion_tokens",
    blank: "as the completion",
    flag: "--rejected-tokens",
    needs: [when.objective("dpo")],
  }),
  generations: field(count(1, MAX_SEQUENCES).nullable().default(null), {
    ...rolled,
    label: "Completions per prompt",
    help: "`grpo`: completions of a prompt",
    blank: "as the trainer",
    flag: "--generations",
  }),
  loss_type: field(
    z.enum(["apo_zero_unpaired", "generalized_jsd"]).nullable().default(null),
    {
      label: "Loss type",
      group: "objective",
      help:
        "`apo_zero_unpaired` (`kto`: no passes for the KL term) or `generalized_jsd` (`distillation` by GKDTrainer, which makes all logits of both models); null: what the trainer does",
      blank: "as the trainer",
      flag: "--loss-type",
      needs: [when.objective("kto", "distillation")],
    },
  ),
  rollout: z.preprocess(
    (value) => value === null ? {} : value,
    rollout,
  ).prefault({}),
  critic: field(modelField.nullable().default(null), {
    label: "Critic",
    group: "objective",
    list: "models",
    help:
      "`grpo`: the model whose value head is trained on the same GPUs, which makes it PPO, as `model`; null: none",
    blank: "none",
    flag: "--critic",
    needs: [when.objective("grpo")],
    whole: true,
  }),
  reward_model: field(modelField.nullable().default(null), {
    label: "Reward model",
    group: "objective",
    list: "models",
    help:
      "`grpo`: the model that scores completions on the same GPUs, as `model`; null: none",
    blank: "none",
    flag: "--reward-model",
    needs: [when.objective("grpo")],
    whole: true,
  }),
  teacher: field(modelField.nullable().default(null), {
    label: "Teacher",
    group: "objective",
    list: "models",
    help: "`distillation`: the model that is learnt from, as `model`",
    flag: "--teacher",
    needs: [when.objective("distillation")],
    whole: true,
  }),
} as const;
