import type { CalculatorConfigRead, Scenario } from "../../../lib/mod.ts";
import { parseScenario, readCalculatorConfig } from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";

/** A model as the calculator describes it. */
export const MODEL = {
  name: "llama2-7b",
  num_parameters: "7B",
  num_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  vocab_size: 32_000,
  max_seq_len: 4096,
};

/** The example of the calculator's document. */
export const DOCUMENTED = {
  model: MODEL,
  training: {
    batch_size: 4,
    gradient_accumulation_steps: 4,
    optimizer: "adamw",
    dtype: "bf16",
    activation_checkpointing: 1,
  },
  parallelism: {
    tensor_parallel_size: 1,
    pipeline_parallel_size: 1,
    data_parallel_size: 8,
    sequence_parallel: false,
  },
  engine: {
    type: "deepspeed",
    zero_stage: 3,
    offload_optimizer: "cpu",
    offload_param: "none",
  },
  hardware: { num_gpus: 8, gpu_memory_gb: 80 },
};

/** What a configuration that can be read becomes. */
export function readConfig(config: unknown): CalculatorConfigRead {
  const result = readCalculatorConfig(config);
  assertOk(result);
  return result.value;
}

/** Its Scenario, with all defaults. */
export function scenarioOf(config: unknown): Scenario {
  const parsed = parseScenario(readConfig(config).scenario);
  assertOk(parsed);
  return parsed.value;
}
