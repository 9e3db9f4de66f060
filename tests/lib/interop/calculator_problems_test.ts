import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  inConfigWords,
  readCalculatorConfig,
  tryEstimate,
} from "../../../lib/mod.ts";
import { DOCUMENTED, MODEL, readConfig } from "./calculator_configs.ts";

Deno.test("readCalculatorConfig() tells every problem at once, by its path", () => {
  assertEquals(
    messagesOf({
      model: { ...MODEL, num_layers: 0, num_parameters: "many", colour: 1 },
      training: { dtype: "fp12", activation_checkpointing: 5 },
      parallelism: { tensor_parallel_size: "two" },
      engine: { type: "magic", offload_optimizer: "tape" },
      hardware: { gpu_memory_gb: -1 },
      extra: true,
    }),
    [
      'model.num_parameters must be a number: current value is "many"',
      "model.num_layers must be at least 1: current value is 0",
      "model.colour is not a field of a configuration",
      'training.dtype must be one of fp32, float32, fp16, float16, bf16, bfloat16, int8, int4: current value is "fp12"',
      "training.activation_checkpointing must be at most 4: current value is 5",
      'parallelism.tensor_parallel_size must be a number: current value is "two"',
      'engine.type must be one of pytorch_ddp, pytorch, ddp, deepspeed, megatron_lm, megatron, megatron-lm, megatron_deepspeed, fsdp: current value is "magic"',
      'engine.offload_optimizer must be one of none, cpu, nvme: current value is "tape"',
      "hardware.gpu_memory_gb must be at least 0.1: current value is -1",
      "extra is not a field of a configuration",
    ],
  );
});

Deno.test("readCalculatorConfig() refuses experts that cannot be", () => {
  const moe = { ...MODEL, moe_enabled: true };
  assertEquals(messagesOf({ model: { ...moe, num_experts: 1, top_k: 1 } }), [
    "model.num_experts must be at least 2 where moe_enabled is true: current value is 1",
  ]);
  assertEquals(messagesOf({ model: { ...moe, num_experts: 4, top_k: 5 } }), [
    "model.top_k must be at most num_experts, 4: current value is 5",
  ]);
});

Deno.test("readCalculatorConfig() refuses what is no object and what has no model", () => {
  assertEquals(messagesOf([]), [
    "The configuration must be an object: current value is []",
  ]);
  assertMatch(messagesOf({})[0] ?? "", /^model is missing/);
});

Deno.test("inConfigWords() names the file's fields", () => {
  const { scenario } = readConfig({
    ...DOCUMENTED,
    parallelism: { tensor_parallel_size: 3 },
  });
  const result = tryEstimate(scenario);
  assert(!result.ok);
  assertEquals(inConfigWords(result.problems), [
    {
      path: "hardware.num_gpus",
      message:
        "hardware.num_gpus must be a multiple of tp x pp x cp = 3: current value is 8; 6 and 9 do",
    },
    {
      path: "parallelism.tensor_parallel_size",
      message:
        "parallelism.tensor_parallel_size must divide the model's 32 attention heads: current value is 3; 2 and 4 do",
    },
  ]);
});

function messagesOf(config: unknown): string[] {
  const result = readCalculatorConfig(config);
  assert(!result.ok);
  return result.problems.map(({ message }) => message);
}
