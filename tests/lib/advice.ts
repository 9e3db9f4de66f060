import type {
  Advice,
  AdvisedSet,
  Scenario,
  ScenarioInput,
} from "../../lib/mod.ts";
import {
  advice,
  estimateScenario,
  heldBytes,
  parseScenario,
} from "../../lib/mod.ts";
import { putAt } from "../../lib/scenario/walk.ts";
import { scenarioOf } from "./inverse.ts";
import { assertOk } from "./results.ts";

/** Scenarios that do not fit, of every kind that levers are for. */
export const TOO_LARGE: Record<string, ScenarioInput> = {
  "QLoRA of 32B on one card": {
    model: "Qwen/Qwen3-32B",
    train: { method: "qlora" },
    hardware: { gpu: "RTX 4090" },
  },
  "QLoRA of a mixture of experts on one card": {
    model: "Qwen/Qwen3-30B-A3B",
    train: { method: "qlora" },
    hardware: { gpu: "RTX 4090" },
  },
  "8B in full on one card": {
    model: "meta-llama/Llama-3.1-8B",
    train: { attention: "eager" },
    hardware: { gpu: "RTX 4090" },
  },
  "8B over eight GPUs by FSDP": {
    model: "meta-llama/Llama-3.1-8B",
    train: { micro_batch: 4, sequence_length: 8192 },
    parallel: { gpus: 8 },
    engine: { name: "fsdp2" },
    hardware: { gpu: "H100-80GB" },
  },
  "8B over eight GPUs by ZeRO 1": {
    model: "meta-llama/Llama-3.1-8B",
    train: { micro_batch: 2, sequence_length: 4096 },
    parallel: { gpus: 8 },
    engine: { name: "deepspeed", zero_stage: 1 },
    hardware: { gpu: "L40S" },
  },
  "GRPO with vLLM beside it": {
    model: "Qwen/Qwen3-4B",
    train: {
      method: "lora",
      objective: "grpo",
      micro_batch: 8,
      rollout: { engine: "vllm" },
    },
    hardware: { gpu: "H100-80GB" },
  },
  "generation by transformers": {
    model: "meta-llama/Llama-3.1-8B",
    task: "serve",
    serve: { batch: 32, input_tokens: 8000, attention: "eager" },
    hardware: { gpu: "RTX 4090" },
  },
  "30B-A3B by vLLM for ten users": {
    model: "Qwen/Qwen3-30B-A3B",
    task: "serve",
    serve: {
      engine: "vllm",
      batch: 10,
      input_tokens: 32_000,
      output_tokens: 768,
    },
    hardware: { gpu: "L40S" },
  },
  "70B in four bits by llama.cpp on one card": {
    model: "meta-llama/Llama-3.3-70B-Instruct",
    task: "serve",
    quantization: { weights: "gguf:Q4_K_M" },
    serve: {
      engine: "llama.cpp",
      input_tokens: 8000,
      gpu_layers: "all",
    },
    hardware: { gpu: "RTX 3090" },
  },
  "8B by SGLang": {
    model: "meta-llama/Llama-3.1-8B",
    task: "serve",
    serve: { engine: "sglang", batch: 32, input_tokens: 8000 },
    hardware: { gpu: "RTX 4090" },
  },
};

export function advised(input: ScenarioInput): Advice {
  const result = advice(scenarioOf(input));
  assertOk(result);
  return result.value;
}

/** A scenario with some fields set, as the schema reads it back. */
export function changed(input: ScenarioInput, set: AdvisedSet): Scenario {
  const next = structuredClone(input) as Record<string, unknown>;
  for (const [path, value] of Object.entries(set)) putAt(next, path, value);
  const parsed = parseScenario(next);
  assertOk(parsed);
  return parsed.value;
}

/** What a whole estimate says of the same. */
export function whole(
  scenario: Scenario,
): { held: number; fits: boolean; method: string } {
  const result = estimateScenario(scenario);
  assertOk(result);
  const { memory, fit, kv, serve, method } = result.value;
  const holds = !serve || serve.kv_pool_bytes === null ||
    (kv?.max_sequences ?? Infinity) >= scenario.serve.batch;
  return {
    held: heldBytes(memory),
    fits: fit[0]?.fits === true && holds,
    method,
  };
}
