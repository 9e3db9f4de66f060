import type { Scenario } from "../../../../scenario/schema.ts";
import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Types of a smaller cache that each engine has, finest first. */
const TYPES: Readonly<Record<Scenario["serve"]["engine"], readonly string[]>> =
  {
    transformers: [],
    vllm: ["fp8"],
    sglang: ["fp8"],
    tgi: ["fp8"],
    "tensorrt-llm": ["fp8"],
    "llama.cpp": ["q8_0", "q4_0"],
  };

/** Keys and values in fewer bits. */
export const cacheTypeLever: Lever = {
  task: "serve",
  cost: COST.nearlySame,
  propose({ serve: { engine, kv_dtype } }) {
    if (typeof kv_dtype !== "string") return [];
    const all = TYPES[engine];
    return all.slice(all.indexOf(kv_dtype) + 1).map((type) => ({
      set: { "serve.kv_dtype": type },
      words: `Keys and values in ${type}`,
      price: type === "q4_0"
        ? "answers suffer in long contexts; the cache has a quarter of its size"
        : "answers hardly differ; the cache has half its size",
    }));
  },
};
