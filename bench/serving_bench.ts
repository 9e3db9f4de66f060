import type { ScenarioInput } from "../lib/mod.ts";
import { estimateScenario, parseScenario } from "../lib/mod.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";

const LLAMA = "meta-llama/Llama-3.1-8B";

const CASES: readonly [name: string, input: ScenarioInput][] = [
  ["vLLM, Llama-3.1-8B", { model: LLAMA, serve: { engine: "vllm" } }],
  ["vLLM, gpt-oss-120b", {
    model: "openai/gpt-oss-120b",
    serve: { engine: "vllm" },
    hardware: { gpu: "H100-80GB" },
  }],
  ["SGLang, DeepSeek-V3.2 on 8", {
    model: "deepseek-ai/DeepSeek-V3.2",
    serve: { engine: "sglang" },
    parallel: { gpus: 8, tp: 8 },
    hardware: { gpu: "H200" },
  }],
  ["llama.cpp, 70B Q4_K_M on 2", {
    model: "meta-llama/Llama-3.3-70B-Instruct",
    quantization: { weights: "gguf:Q4_K_M" },
    serve: { engine: "llama.cpp", cache_tokens: 8192 },
    parallel: { gpus: 2 },
    hardware: { gpu: "RTX 4090" },
  }],
  ["transformers, Llama-3.1-8B", { model: LLAMA }],
];

for (const [name, input] of CASES) {
  const parsed = parseScenario({ ...input, task: "serve" });
  if (!parsed.ok) throw new Error(`${name} is not valid`);
  const model = resolveModel(parsed.value.model);
  if (!model.ok) throw new Error(`${name} has no model`);
  let tokens = 0;
  // Another length each time, so that nothing is remembered.
  const asked = () => ({
    ...parsed.value,
    serve: { ...parsed.value.serve, input_tokens: 1000 + tokens++ % 5000 },
  });
  Deno.bench(name, { group: "served" }, () => {
    estimateScenario(asked(), model.value);
  });
  Deno.bench(`${name}: contexts × users`, { group: "capacity" }, () => {
    estimateScenario(asked(), model.value, { capacity: true });
  });
}
