import { assertEquals } from "@std/assert";
import { scenarioOfConfiguration } from "../../../lib/mod.ts";
import { imported } from "./imported.ts";

Deno.test("what ms-swift hands on to vLLM is read as vLLM's own", () => {
  const { formats, scenario } = imported(
    "CUDA_VISIBLE_DEVICES=0,1 swift deploy --model Qwen/Qwen3-8B --infer_backend vllm \\\n" +
      "  --vllm_max_model_len 8192 --vllm_tensor_parallel_size 2 --vllm_gpu_memory_utilization 0.8 \\\n" +
      "  --vllm_enforce_eager false --max_new_tokens 2048 --served_model_name q",
  );
  assertEquals(formats.map(({ id }) => id), ["vllm"]);
  assertEquals(scenario["model"], "Qwen/Qwen3-8B");
  assertEquals(scenario["task"], "serve");
  assertEquals(Object(scenario["parallel"]).tp, 2);
  const own = imported(
    "CUDA_VISIBLE_DEVICES=0,1 vllm serve Qwen/Qwen3-8B --max-model-len 8192 --tensor-parallel-size 2 --gpu-memory-utilization 0.8",
  );
  assertEquals(scenario, own.scenario);
});

Deno.test("what ms-swift hands on to SGLang is read as SGLang's own", () => {
  const { formats, scenario } = imported(
    "swift deploy --model Qwen/Qwen3-8B --infer_backend sglang --sglang_context_length 8192 --sglang_tp_size 2",
  );
  assertEquals(formats.map(({ id }) => id), ["sglang"]);
  assertEquals(Object(scenario["parallel"]).tp, 2);
});

Deno.test("trl vllm-serve is vLLM's server", () => {
  const { formats, scenario } = imported(
    "trl vllm-serve --model Qwen/Qwen2.5-7B --tensor-parallel-size 2 --data-parallel-size 2",
  );
  assertEquals(formats.map(({ id }) => id), ["vllm"]);
  const { gpus, tp } = Object(scenario["parallel"]);
  assertEquals([gpus, tp], [4, 2]);
});

Deno.test("a backend that no engine is stays refused", () => {
  const read = scenarioOfConfiguration(
    "swift deploy --model Qwen/Qwen3-8B --infer_backend transformers",
  );
  assertEquals(read.ok, false);
});

Deno.test("a folder's name is known by its last part, an owner's stays", () => {
  for (
    const name of [
      "ckpt/Qwen/Qwen3-8B",
      "models/Qwen3-8B",
    ]
  ) {
    const { scenario } = imported(
      `model_name_or_path: ${name}\nper_device_train_batch_size: 1`,
    );
    assertEquals(scenario["model"], "Qwen/Qwen3-8B");
  }
  const { scenario } = imported(
    "model_name_or_path: somebody/Qwen3-8B\nper_device_train_batch_size: 1",
  );
  assertEquals(scenario["model"], "somebody/Qwen3-8B");
});
