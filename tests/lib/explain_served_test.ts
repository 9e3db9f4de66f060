import { assert, assertEquals, assertMatch } from "@std/assert";
import { explained, textOf, TEXTS } from "./failures/explained.ts";

for (const { name, text } of TEXTS) {
  Deno.test(`it is explained, whatever the model is: ${name}`, () => {
    const { words, steps, message, read } = explained(text);
    for (const line of words.split("\n")) assertMatch(line, /^\w.*\.$/);
    assert(message.length > 0);
    assert(!/NaN|undefined|null|Infinity/.test(words + steps.join(" ")), words);
    for (const step of steps) assertMatch(step, /^[A-Z].*[.)]$/);
    for (const each of Object.values(read)) {
      assert(typeof each !== "number" || each >= 0, JSON.stringify(read));
    }
  });
}

Deno.test("vLLM's refusal is told in tokens, and agrees with the model's cache", () => {
  const { causes, steps, scenario } = explained(
    textOf("vLLM 0.9: the cache would not hold one request"),
    { model: "Qwen/Qwen3-1.7B" },
  );
  assertEquals(scenario?.task, "serve");
  assertEquals(scenario?.serve.engine, "vllm");
  assertEquals(scenario?.serve.max_model_len, 40_960);
  // 28 layers × 8 heads × 128 × 2 × 2 B a token: 4.38 GiB, as vLLM says.
  assertEquals(causes[0]?.bytes, 40_960 * 28 * 8 * 128 * 2 * 2);
  assertMatch(steps[0] ?? "", /--max-model-len to 37,440 or less/);
});

Deno.test("weights that an engine makes are told, over the GPUs of its command", () => {
  const { scenario, causes } = explained(
    textOf("vLLM while it makes weights, with its flags"),
  );
  assertEquals(scenario?.parallel.tp, 2);
  assertEquals(scenario?.parallel.gpus, 2);
  assertEquals(scenario?.serve.memory_utilization, 0.99);
  assertEquals(scenario?.serve.kv_dtype, "fp8");
  assertMatch(
    causes[0]?.words ?? "",
    /^1\.25 GiB = 16 × 5,120 × 16,384 × 2 B \/ 2 GPUs: .*experts\.gate_up_proj$/,
  );
});

Deno.test("the sampler's warm-up is told by what sorting works in", () => {
  const { causes, scenario } = explained(
    textOf("two ranks at once, with CUDA graphs' pools"),
    { model: "Qwen/Qwen3-14B" },
  );
  assertEquals(scenario?.serve.max_sequences, 1024);
  assertEquals(causes[0]?.bytes, 1024 * 151_936 * 12);
});

Deno.test("llama.cpp's buffer is set beside what is estimated for it", () => {
  const text =
    "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 6144.00 MiB on device 0: cudaMalloc failed: out of memory\nllama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache";
  const { causes, steps } = explained(text, {
    model: "Qwen/Qwen3-8B",
    quantization: { weights: "gguf:Q4_K_M" },
    serve: { cache_tokens: 40_960, gpu_layers: "all" },
    hardware: { gpu: "RTX 3060-12GB" },
  });
  assertEquals(causes[0]?.tensor, "KV cache");
  assertEquals(steps.some((each) => /Name the model/.test(each)), false);
});

Deno.test("where nobody names the GPU, what was left for the cache tells its memory", () => {
  const text = textOf("vLLM 0.9: the cache would not hold one request");
  const { scenario, filled, estimated } = explained(text, {
    model: "Qwen/Qwen3-1.7B",
  });
  const gpu = scenario?.hardware.gpu;
  assert(typeof gpu === "object" && gpu.memory_gib > 7 && gpu.memory_gib < 14);
  assert(filled.some(({ path }) => path === "hardware.gpu"));
  // On that GPU the estimate refuses as vLLM did.
  assertEquals(estimated?.fits, false);
});

Deno.test("without a GPU no verdict is given, and it is asked for", () => {
  const { steps, changes, estimated, causes } = explained(
    "vllm serve Qwen/Qwen3-14B\nValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.",
  );
  assertEquals([changes, estimated], [[], null]);
  assertEquals(causes[0]?.tensor, "weights");
  assertMatch(steps.at(-1) ?? "", /Name the GPU/);
});

Deno.test("llama.cpp's log tells the cards, the file and the context", () => {
  const { scenario, causes, changes } = explained(
    `  Device 0: NVIDIA GeForce RTX 3090, compute capability 8.6, VMM: yes
  Device 1: NVIDIA GeForce RTX 3090, compute capability 8.6, VMM: yes
$ ./llama-server -m Llama-3.3-70B-Instruct-Q4_K_M.gguf -ngl 99 -c 65536
load_tensors:        CUDA0 model buffer size = 20038.81 MiB
load_tensors:        CUDA1 model buffer size = 19940.67 MiB
ggml_backend_cuda_buffer_type_alloc_buffer: allocating 10496.00 MiB on device 0: cudaMalloc failed: out of memory
alloc_tensor_range: failed to allocate CUDA0 buffer of size 11005853696
llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache`,
  );
  assert(scenario);
  assertEquals(scenario.model, "meta-llama/Llama-3.3-70B-Instruct");
  assertEquals(scenario.hardware.gpus, ["RTX 3090", "RTX 3090"]);
  assertEquals(scenario.serve.cache_tokens, 65_536);
  assertEquals(scenario.quantization.weights, "gguf:Q4_K_M");
  // 65,536 cells of 41 of the 80 layers, of 8 heads of 128, keys and values.
  assertEquals(causes[0]?.bytes, 65_536 * 41 * 8 * 128 * 2 * 2);
  assert(changes.some(({ fits }) => fits));
});
