import { isUsualTag, LIBRARY_TYPE } from "./library_tag.ts";
import { MAX_TOKENS } from "./limits.ts";
import type { Scenario } from "./schema.ts";
import { scoresCompletions } from "./sections/objective.ts";
import { USUAL_LENGTH } from "./sections/train.ts";

/**
 * The share of a GPU that an engine takes where a scenario does not say: 0.9, but
 * for those that have a share of their own.
 */
const USUAL_SHARE = 0.9;
const OWN_SHARES: ReadonlySet<string> = new Set([
  "sglang",
  "tensorrt-llm",
  "tgi",
  "vllm",
]);

/**
 * Fills in the defaults that hang on other fields: what trains is loaded in
 * `precision.weights`, what serves as the checkpoint is published, or by llama.cpp
 * as ollama's library has it where a tag of its names the model; the share of
 * a GPU that the engine takes; and the length of a sequence whose prompt and
 * completion are given, their sum.
 */
export function withOwnDefaults(scenario: Scenario): Scenario {
  const { quantization, serve, train } = scenario;
  const weights = quantization.weights ?? usualWeights(scenario);
  const isQuantised = weights !== quantization.weights;
  const isUsual = serve.memory_utilization === null &&
    !OWN_SHARES.has(serve.engine);
  const length = lengthOf(train);
  const isSummed = length !== train.sequence_length;
  if (!isQuantised && !isUsual && !isSummed) return scenario;
  return {
    ...scenario,
    ...(isSummed ? { train: { ...train, sequence_length: length } } : {}),
    ...(isQuantised ? { quantization: { ...quantization, weights } } : {}),
    ...(isUsual
      ? { serve: { ...serve, memory_utilization: USUAL_SHARE } }
      : {}),
  };
}

/** How weights lie where nobody says; null: as they are published. */
function usualWeights({ task, model, serve }: Scenario) {
  if (task === "train") return "none" as const;
  return serve.engine === "llama.cpp" && isUsualTag(model)
    ? `gguf:${LIBRARY_TYPE}` as const
    : null;
}

function lengthOf(train: Scenario["train"]): number {
  const { objective, sequence_length } = train;
  if (sequence_length !== USUAL_LENGTH || !scoresCompletions(objective)) {
    return sequence_length;
  }
  return Math.min(completedTokens(train) ?? sequence_length, MAX_TOKENS);
}

/**
 * Tokens of a prompt with its completion, of a pair's the longer one; null where
 * not both are given.
 */
export function completedTokens(
  { objective, prompt_tokens, completion_tokens, rejected_tokens }: Scenario[
    "train"
  ],
): number | null {
  if (prompt_tokens === null || completion_tokens === null) return null;
  const rejected = objective === "dpo" ? rejected_tokens ?? 0 : 0;
  return prompt_tokens + Math.max(completion_tokens, rejected);
}
