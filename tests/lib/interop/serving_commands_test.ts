import { assert, assertEquals } from "@std/assert";
import {
  scenarioOfConfiguration,
  scenarioOfConfigurations,
} from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";

function read(text: string) {
  const result = scenarioOfConfiguration(text);
  assertOk(result, text);
  return result.value;
}

function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    value,
  );
}

/** Commands, and what a field becomes by them. */
const COMMANDS: [text: string, path: string, value: unknown][] = [
  ["vllm serve Qwen/Qwen3-8B", "serve.engine", "vllm"],
  ["vllm serve Qwen/Qwen3-8B", "task", "serve"],
  ["$ vllm serve Qwen/Qwen3-8B --tp 2 --api-key x", "model", "Qwen/Qwen3-8B"],
  ["sudo env A=b vllm serve Qwen/Qwen3-8B -tp 2", "parallel.gpus", 2],
  [
    "uv run vllm serve --max-model-len 8k Qwen/Qwen3-8B",
    "model",
    "Qwen/Qwen3-8B",
  ],
  ["vllm serve x/y --max-model-len 8k", "serve.max_model_len", 8000],
  ["vllm serve x/y --max-model-len 8K", "serve.max_model_len", 8192],
  ["vllm serve x/y --max-model-len auto", "serve.max_model_len", undefined],
  ["vllm serve x/y -tp 2 -dp 4", "parallel.gpus", 8],
  ["vllm serve x/y -tp 2 -dp 4 --enable-expert-parallel", "parallel.ep", 8],
  [
    "vllm serve x/y --kv-cache-memory-bytes 25G",
    "serve.kv_cache_bytes",
    25 * 1024 ** 3,
  ],
  ["vllm serve x/y --no-enable-prefix-caching", "serve.prefix_caching", false],
  ["vllm serve x/y --enable-lora", "serve.max_loras", 1],
  ["vllm serve x/y --enable-lora --max-loras 4", "serve.max_loras", 4],
  ["vllm serve x/y -q bitsandbytes", "quantization.weights", "nf4"],
  ["vllm serve x/y-AWQ -q awq_marlin", "quantization.weights", undefined],
  [
    "python -m vllm.entrypoints.openai.api_server --model /data/Qwen3-8B/",
    "model",
    "Qwen/Qwen3-8B",
  ],
  [
    "/usr/bin/python3.12 -m sglang.launch_server --model x/y --tp=4",
    "parallel.tp",
    4,
  ],
  [
    "sglang serve --model-path x/y --disable-cuda-graph",
    "serve.enforce_eager",
    true,
  ],
  [
    "sglang serve --model-path x/y --chunked-prefill-size -1",
    "serve.chunked_prefill_tokens",
    undefined,
  ],
  [
    "llama-server -m a/Qwen3-8B-UD-Q4_K_XL.gguf",
    "quantization.weights",
    "gguf:Q4_K_M",
  ],
  [
    "llama-server -m a/Qwen3-8B-Q4_K_M-00001-of-00003.gguf",
    "model",
    "Qwen/Qwen3-8B",
  ],
  [
    "llama-server -hf bartowski/Qwen_Qwen3-8B-GGUF:IQ4_XS",
    "model",
    "Qwen/Qwen3-8B",
  ],
  ["llama-server -hf x/Qwen3-8B-GGUF", "quantization.weights", "gguf:Q4_K_M"],
  ["llama-server -m Qwen3-8B.gguf -c 0", "serve.cache_tokens", undefined],
  ["llama-server -m Qwen3-8B.gguf -fa", "serve.flash_attention", "on"],
  ["llama-server -m Qwen3-8B.gguf -fa 0", "serve.flash_attention", "off"],
  ["llama-server -m Qwen3-8B.gguf -ts 3,1", "parallel.gpus", 2],
  ["llama-server -m Qwen3-8B.gguf -ngl 999999", "serve.gpu_layers", "all"],
  ["llama-server -m Qwen3-8B.gguf -cmoe", "serve.cpu_moe_layers", 10_000],
  ["llama-server -m Qwen3-8B.gguf -ctk f16", "serve.kv_dtype.k", "fp16"],
  [
    "CUDA_VISIBLE_DEVICES=0,2 llama-server -m Qwen3-8B.gguf",
    "parallel.gpus",
    2,
  ],
  ["llama-cli -m Qwen3-8B.gguf -p hi", "serve.logits_all", true],
  ["trtllm-serve x/y --tp_size 2", "parallel.tp", 2],
  [
    "docker run --gpus all nvcr.io/nvidia/tensorrt-llm/release trtllm-serve x/y",
    "model",
    "x/y",
  ],
  [
    "docker run -p 80:80 ghcr.io/huggingface/text-generation-inference --model-id x/y",
    "serve.engine",
    "tgi",
  ],
  ["FROM llama3.1", "model", "meta-llama/Llama-3.1-8B-Instruct"],
  ["FROM llama3.1:70b-instruct-q8_0", "quantization.weights", "gguf:Q8_0"],
  ["FROM gpt-oss:20b", "quantization.weights", "mxfp4"],
  [
    "FROM ./Qwen3-8B-Q6_K.gguf\nPARAMETER num_ctx 8192",
    "serve.cache_tokens",
    8192,
  ],
  ["FROM somebody/else:7b", "model", "somebody/else:7b"],
];

for (const [text, path, value] of COMMANDS) {
  Deno.test(`${text.replaceAll("\n", ", ")} gives ${path}`, () => {
    assertEquals(at(read(text).scenario, path), value);
  });
}

/** Commands that are refused, with the message. */
const REFUSED: [text: string, message: string][] = [
  [
    "vllm serve $MODEL",
    "model is $MODEL, which the text does not set: add a line that sets it",
  ],
  [
    "vllm serve x/y --tensor-parallel-size two",
    'tensor-parallel-size must be a whole number: current value is "two"',
  ],
  [
    "vllm serve x/y --kv-cache-dtype int2",
    'kv-cache-dtype must be one of auto, bfloat16, float16, fp8, fp8_e4m3, fp8_e5m2, fp8_inc: current value is "int2"',
  ],
  [
    "vllm serve x/y --gpu-memory-utilization 1.5",
    "gpu-memory-utilization: serve.memory_utilization must be at most 1: current value is 1.5",
  ],
  [
    "vllm serve x/y --enable-prefix-caching --no-enable-prefix-caching",
    "no-enable-prefix-caching and enable-prefix-caching contradict each other: serve.prefix_caching cannot be both true and false",
  ],
  [
    "llama-server -m x.gguf -ngl some",
    'ngl must be auto, all or a whole number: current value is "some"',
  ],
  [
    "llama-server -m x.gguf -ctk int3",
    'ctk: serve.kv_dtype.k must be one of auto, fp32, bf16, fp16, fp8, int8, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl: current value is "int3"',
  ],
];

for (const [text, message] of REFUSED) {
  Deno.test(`${text} is refused by name`, () => {
    const result = scenarioOfConfiguration(text);
    assert(!result.ok, JSON.stringify(result));
    assertEquals(result.problems[0]?.message, message);
  });
}

Deno.test("flags that nobody knows are named, and those that move memory are warned of", () => {
  const { ignored, warnings } = read(
    "vllm serve x/y --brand-new-flag 3 --cpu-offload-gb 8 --port 8000",
  );
  assertEquals(
    ignored.map(({ key, reason }) => [key, reason]),
    [
      ["brand-new-flag", "not known: may move memory"],
      ["cpu-offload-gb", "weights on the host are not known"],
      ["port", "decides no GPU memory"],
    ],
  );
  assertEquals(warnings, [
    'brand-new-flag ("3") is left out: not known: may move memory',
    'cpu-offload-gb ("8") moves memory and is left out: weights on the host are not known',
  ]);
});

Deno.test("the first server of a compose file counts, whatever stands around it", () => {
  const { formats, scenario } = read(`services:
  web:
    image: nginx
    command: nginx -g 'daemon off;'
  one:
    image: vllm/vllm-openai
    command: ["--model", "Qwen/Qwen3-8B", "--max-model-len", "4096"]
  two:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-32B`);
  assertEquals(formats.map(({ id }) => id), ["vllm"]);
  assertEquals(scenario["model"], "Qwen/Qwen3-8B");
});

Deno.test("a command and the log of its start are one run", async () => {
  const log = new URL(
    "../../truth/configurations/vllm_v1.log",
    import.meta.url,
  );
  const result = scenarioOfConfigurations([
    { name: "start.sh", text: "vllm serve Qwen/Qwen3-8B --max-num-seqs 7" },
    { name: "vllm.log", text: await Deno.readTextFile(log) },
  ]);
  assertOk(result);
  const { scenario, figures } = result.value;
  assertEquals(at(scenario, "serve.max_sequences"), 7);
  assertEquals(figures?.some(({ name }) => name === "kv_tokens"), true);
});

Deno.test("training's commands and settings are no server's", () => {
  for (
    const text of [
      "torchrun pretrain_gpt.py --num-layers 4 --micro-batch-size 1",
      "per_device_train_batch_size: 3",
      "FROM python:3.12\nRUN pip install vllm",
    ]
  ) {
    const result = scenarioOfConfiguration(text);
    const ids = result.ok ? result.value.formats.map(({ id }) => id) : [];
    assert(
      !ids.some((id) => ["vllm", "ollama", "sglang"].includes(id)),
      `${text}: ${ids}`,
    );
  }
});
