import { completedTokens } from "../../scenario/own_defaults.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { fusesHead } from "../../software/trl/heads.ts";
import { promptOf } from "./generation.ts";
import type { Learnt } from "./learnt.ts";
import { COMPARED, referenceOf } from "./learnt.ts";
import type { AskedShare } from "./objective_plan.ts";

/** Objectives of which completions alone are scored. */
const SCORED: ReadonlySet<Learnt> = new Set([
  "sft",
  "dpo",
  "kto",
  "grpo",
  "distillation",
]);

/** The loss of an objective that a field names. */
const LOSS_OF: Readonly<
  Partial<Record<Learnt, Scenario["train"]["loss_type"]>>
> = { kto: "apo_zero_unpaired", distillation: "generalized_jsd" };

/** Dotted paths of the fields that an objective's step heeds. */
export function heededBy(scenario: Scenario, objective: Learnt): string[] {
  const countsTokens = SCORED.has(objective) &&
    (fusesHead(scenario) || objective === "grpo");
  return [
    "train.objective",
    ...(countsTokens ? ["train.prompt_tokens", "train.completion_tokens"] : []),
    ...(countsTokens && objective === "dpo" ? ["train.rejected_tokens"] : []),
    ...(COMPARED.has(objective) ? ["train.reference"] : []),
    ...(objective === "grpo"
      ? [
        "train.generations",
        "train.rollout.engine",
        "train.rollout.steps_per_generation",
        "train.rollout.iterations",
        "train.critic",
        "train.reward_model",
        ...(scenario.train.rollout.engine === "vllm"
          ? [
            "train.rollout.memory_utilization",
            "train.rollout.sleep",
            "train.rollout.importance_sampling",
          ]
          : []),
      ]
      : []),
    ...(objective === "distillation"
      ? ["train.teacher", "train.rollout.engine"]
      : []),
    ...(LOSS_OF[objective] === scenario.train.loss_type
      ? ["train.loss_type"]
      : []),
  ];
}

/** What is said of an objective that a model's own loss is; null of others. */
export function plainObjective({ train, software }: Scenario): string | null {
  const { objective } = train;
  const isPlain = objective === "pretrain" ||
    (objective === "sft" && software.trl === null);
  return isPlain
    ? `train.objective ${objective}: the loss is the model's own${
      objective === "sft"
        ? "; software.trl says that TRL's trainer takes it"
        : ""
    }`
    : null;
}

/** What is taken for granted where embeddings are learnt. */
const EMBEDDED =
  "train.objective embedding: examples are pairs of a text and one that it is compared with, each a sequence of its own; hidden states of their last tokens are compared, and no logits are made";

/** What is taken for granted of a trainer. */
export function assumptionsOf(
  scenario: Scenario,
  objective: Learnt,
): string[] {
  const { software, train } = scenario;
  if (objective === "classification") return [];
  if (objective === "embedding") return [EMBEDDED];
  const release = software.trl ?? "1.16, for software.trl names none";
  const made = objective === "reward"
    ? "scores pairs in one pass"
    : objective !== "orpo" && fusesHead(scenario)
    ? "makes no logits: log-probabilities are taken a tile at a time"
    : "makes logits";
  return [
    `train.objective ${objective}: the step is that of TRL ${release}, which ${made}`,
    ...(COMPARED.has(objective)
      ? [
        `train.reference ${referenceOf(scenario, objective)}${
          train.reference === null ? ", what the trainer does" : ""
        }`,
      ]
      : []),
    ...summedWords(train),
    ...generationWords(scenario, objective),
    ...(objective === "grpo" && train.rollout.engine === "vllm"
      ? vllmWords(train.rollout)
      : []),
    ...(train.rollout.engine === "external" &&
        (objective === "grpo" || objective === "distillation")
      ? [
        "train.rollout.engine external: completions are handed in, and nothing generates",
      ]
      : []),
    ...(objective === "grpo" && train.generations !== null
      ? [
        `train.generations ${train.generations}: completions of a prompt are rows of train.micro_batch, which decides the memory`,
      ]
      : []),
    ...(objective === "distillation"
      ? [
        train.loss_type === "generalized_jsd"
          ? "train.loss_type generalized_jsd: GKDTrainer is played, which makes all logits of both models"
          : "DistillationTrainer is played; train.loss_type generalized_jsd says that GKDTrainer trains, which makes both models' logits",
      ]
      : []),
  ];
}

/** What is said of how ranks share a model that is asked. */
export function sharedWords(
  whose: string,
  { ranks, onHost }: AskedShare,
): string {
  const where = onHost
    ? "its parameters lie on the host, and units of them come to the GPU as they run"
    : ranks > 1
    ? `${ranks} ranks share its parameters, and gather units of them as they run`
    : "each GPU has all of it, for accelerate wraps nothing that is only evaluated";
  return `The ${whose} is as TRL's code prepares it: ${where}`;
}

/** What of a trainer's step is not in it. */
export function warningsOf(scenario: Scenario, objective: Learnt): string[] {
  const { train } = scenario;
  const isLiger = train.loss === "fused" && !fusesHead(scenario) &&
    objective === "kto";
  const prompt = promptOf(scenario, objective);
  const rolls = objective === "grpo" || objective === "distillation";
  return [
    ...(isLiger
      ? [
        `train.loss fused: Liger's loss of train.objective ${objective} in TRL ${scenario.software.trl} is not played: all logits are, which take more`,
      ]
      : []),
    ...(rolls && train.rollout.engine === null && prompt === null
      ? [
        `train.objective ${objective}: what generation takes before the update is not played without train.prompt_tokens or train.completion_tokens`,
      ]
      : []),
    ...lengthWarnings(train),
  ];
}

/** A sequence is its prompt and completion, whatever its usual length. */
function summedWords(train: Scenario["train"]): string[] {
  const { sequence_length } = train;
  return completedTokens(train) !== sequence_length ? [] : [
    `train.sequence_length ${sequence_length}: the tokens of a prompt and its completion`,
  ];
}

/** Lengths that do not add up. */
function lengthWarnings(train: Scenario["train"]): string[] {
  const { prompt_tokens, completion_tokens, sequence_length } = train;
  const sum = completedTokens(train);
  if (prompt_tokens === null || sum === null || sum === sequence_length) {
    return [];
  }
  const longest = sum - prompt_tokens;
  const field = longest === completion_tokens
    ? "train.completion_tokens"
    : "train.rejected_tokens";
  return [
    `train.prompt_tokens ${prompt_tokens} and ${field} ${longest} are ${sum} tokens, train.sequence_length is ${sequence_length}: that many are read, and the completion's are scored`,
  ];
}

function generationWords(scenario: Scenario, objective: Learnt): string[] {
  const prompt = promptOf(scenario, objective);
  return prompt === null ? [] : [
    `train.rollout.engine transformers${
      scenario.train.rollout.engine === null ? ", what the trainer does" : ""
    }: the first pass over ${prompt} tokens of each prompt is played, whose cache grows by the completions later`,
  ];
}

/** What vLLM beside a trainer is told, and what the trainer does by itself. */
function vllmWords(
  { sleep, importance_sampling }: Scenario["train"]["rollout"],
): string[] {
  const usual = (given: boolean | null) =>
    given === null ? ", what the trainer does" : "";
  return [
    `train.rollout.sleep ${sleep === true}${usual(sleep)}`,
    `train.rollout.importance_sampling ${importance_sampling !== false}${
      usual(importance_sampling)
    }`,
  ];
}
