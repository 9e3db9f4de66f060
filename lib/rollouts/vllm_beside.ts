import type { Model } from "../models/model.ts";
import { meshOf } from "../parallel/mesh.ts";
import { BLANK_SCENARIO } from "../scenario/default_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { serve } from "../serve/mod.ts";
import type { RolloutShare } from "../plan/objective/objective_plan.ts";
import { stepsOf } from "../plan/objective/generation.ts";

/** What TRL gives vLLM where nobody says: trainer/grpo_config.py. */
export const ROLLOUT_SHARE = 0.3;

/** Tokens of a step of vLLM's: trl generation/vllm_generation.py. */
const BATCHED_TOKENS = 4096;

/**
 * What vLLM holds in the process of a trainer that it generates for. It looks at the
 * free memory when it is made, so that what the trainer holds is not in its share;
 * the same GPU holds both.
 *
 * Source: huggingface/trl 1.16.0 generation/vllm_generation.py, VLLMGeneration
 *
 * @returns Null where vLLM does not generate beside training.
 */
export function vllmBeside(
  scenario: Scenario,
  model: Model,
): RolloutShare | null {
  const { train } = scenario;
  const { rollout } = train;
  if (train.objective !== "grpo" || rollout.engine !== "vllm") return null;
  const share = rollout.memory_utilization ?? ROLLOUT_SHARE;
  const asked = servedScenario(scenario, share);
  const mesh = meshOf(asked.parallel, model.architecture, "auto");
  const none = { weights: 0, cache: 0, working: 0, graphs: 0 };
  const common = { share, sleeps: rollout.sleep === true };
  if (!mesh.ok) {
    return { ...common, ...none, refusal: mesh.problems[0]?.message ?? "" };
  }
  const result = serve({ scenario: asked, model, mesh: mesh.value });
  if ("reason" in result) return { ...common, ...none, refusal: result.reason };
  if (!result.ok) {
    return { ...common, ...none, refusal: result.problems[0]?.message ?? "" };
  }
  const { serving } = result.value.served;
  return {
    ...common,
    weights: serving.weights_bytes,
    cache: serving.kv_pool_bytes ?? 0,
    working: serving.compute_bytes,
    graphs: serving.graph_bytes,
    refusal: serving.refusal,
  };
}

/** The policy as vLLM is asked for it: whole on each GPU, in 16 bits or 4. */
function servedScenario(scenario: Scenario, share: number): Scenario {
  const { train, precision, quantization } = scenario;
  const { completion_tokens: completion, sequence_length: tokens } = train;
  const written = Math.min(completion ?? Math.ceil(tokens / 2), tokens - 1);
  return {
    ...scenario,
    task: "serve",
    parallel: BLANK_SCENARIO.parallel,
    precision: {
      ...precision,
      weights: precision.weights === "fp32" ? "bf16" : precision.weights,
    },
    quantization: train.method === "qlora"
      ? quantization
      : BLANK_SCENARIO.quantization,
    serve: {
      ...BLANK_SCENARIO.serve,
      engine: "vllm",
      memory_utilization: share,
      max_batched_tokens: BATCHED_TOKENS,
      max_sequences: train.micro_batch * stepsOf(train),
      max_model_len: tokens,
      input_tokens: Math.max(1, tokens - written),
      output_tokens: Math.max(1, written),
      batch: train.micro_batch * stepsOf(train),
      offline: true,
    },
  };
}
