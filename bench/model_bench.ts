import { modelOfConfig } from "../lib/models/build_model.ts";
import { findModel } from "../lib/mod.ts";

const MODELS = [
  "meta-llama/Llama-3.1-8B",
  "meta-llama/Llama-3.1-405B",
  "deepseek-ai/DeepSeek-V3",
  "Qwen/Qwen2.5-VL-7B-Instruct",
];

for (const id of MODELS) {
  const entry = findModel(id);
  if (!entry) throw new Error(`The catalogue has no ${id}`);
  Deno.bench(`modelOfConfig ${id}`, { group: "model" }, () => {
    modelOfConfig(entry.config, { name: id, source: "config" });
  });
}
