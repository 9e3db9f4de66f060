/** Models that torchtune's builders make, by family and size, as the Hub names them. */
const MODELS: Record<string, string> = {
  llama2_7b: "meta-llama/Llama-2-7b-hf",
  llama2_13b: "meta-llama/Llama-2-13b-hf",
  llama2_70b: "meta-llama/Llama-2-70b-hf",
  code_llama2_7b: "codellama/CodeLlama-7b-hf",
  code_llama2_13b: "codellama/CodeLlama-13b-hf",
  llama3_8b: "meta-llama/Meta-Llama-3-8B",
  llama3_70b: "meta-llama/Meta-Llama-3-70B",
  llama3_1_8b: "meta-llama/Llama-3.1-8B",
  llama3_1_70b: "meta-llama/Llama-3.1-70B",
  llama3_1_405b: "meta-llama/Llama-3.1-405B",
  llama3_2_1b: "meta-llama/Llama-3.2-1B",
  llama3_2_3b: "meta-llama/Llama-3.2-3B",
  llama3_2_vision_11b: "meta-llama/Llama-3.2-11B-Vision",
  llama3_3_70b: "meta-llama/Llama-3.3-70B-Instruct",
  llama4_scout_17b_16e: "meta-llama/Llama-4-Scout-17B-16E",
  mistral_7b: "mistralai/Mistral-7B-v0.1",
  gemma_2b: "google/gemma-2b",
  gemma_7b: "google/gemma-7b",
  gemma2_2b: "google/gemma-2-2b",
  gemma2_9b: "google/gemma-2-9b",
  gemma2_27b: "google/gemma-2-27b-it",
  phi3_mini: "microsoft/Phi-3-mini-4k-instruct",
  phi4_14b: "microsoft/phi-4",
  qwen2_0_5b: "Qwen/Qwen2-0.5B",
  qwen2_1_5b: "Qwen/Qwen2-1.5B",
  qwen2_7b: "Qwen/Qwen2-7B",
  qwen2_5_0_5b: "Qwen/Qwen2.5-0.5B",
  qwen2_5_1_5b: "Qwen/Qwen2.5-1.5B",
  qwen2_5_3b: "Qwen/Qwen2.5-3B",
  qwen2_5_7b: "Qwen/Qwen2.5-7B",
  qwen2_5_14b: "Qwen/Qwen2.5-14B",
  qwen2_5_32b: "Qwen/Qwen2.5-32B",
  qwen2_5_72b: "Qwen/Qwen2.5-72B",
  qwen3_0_6b: "Qwen/Qwen3-0.6B",
  qwen3_1_7b: "Qwen/Qwen3-1.7B",
  qwen3_4b: "Qwen/Qwen3-4B",
  qwen3_8b: "Qwen/Qwen3-8B",
  qwen3_14b: "Qwen/Qwen3-14B",
  qwen3_32b: "Qwen/Qwen3-32B",
};

/** What a builder's name says. */
export interface Builder {
  /** The Hub's name of the model; null where it is not known. */
  model: string | null;
  method: "full" | "lora" | "qlora";
  dora: boolean;
}

/** Reads a component such as "torchtune.models.llama3_1.qlora_llama3_1_8b". */
export function readBuilder(component: string): Builder | null {
  const name = component.match(/^torchtune\.models\.[\w.]*?\.?(\w+)$/)?.[1];
  if (!name) return null;
  const [, prefix = "", rest = ""] =
    name.match(/^(?:(q?lora|q?dora)_)?(\w+)$/) ?? [];
  const base = rest.replace(/_(?:base|instruct)$/, "");
  return {
    model: Object.hasOwn(MODELS, base) ? MODELS[base] ?? null : null,
    method: prefix === "" ? "full" : prefix.startsWith("q") ? "qlora" : "lora",
    dora: prefix.includes("dora"),
  };
}
