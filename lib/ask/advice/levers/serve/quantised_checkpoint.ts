import type { Model } from "../../../../models/model.ts";
import type { Scenario } from "../../../../scenario/schema.ts";
import type { Lever, Proposal } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Formats that engines load, the finest first. */
const FORMATS: Readonly<
  Record<Scenario["serve"]["engine"], readonly string[]>
> = {
  transformers: ["int8", "nf4"],
  vllm: ["fp8", "awq-int4"],
  sglang: ["fp8", "awq-int4"],
  tgi: ["fp8", "awq-int4"],
  "tensorrt-llm": ["fp8", "awq-int4"],
  "llama.cpp": [
    "gguf:Q8_0",
    "gguf:Q6_K",
    "gguf:Q4_K_M",
  ],
};

/** Formats that nobody would choose who need not, the finest first. */
const COARSE: typeof FORMATS = {
  transformers: [],
  vllm: [],
  sglang: [],
  tgi: [],
  "tensorrt-llm": [],
  "llama.cpp": ["gguf:IQ3_XXS", "gguf:IQ2_XXS"],
};

const PRICES: Readonly<Record<string, string>> = {
  "fp8":
    "answers hardly differ; as fast or faster where the GPU has fp8; made while loading, or published with a name that ends in -FP8",
  "int8": "answers hardly differ; slower in transformers",
  "nf4": "answers differ a little; slower than in 16 bits",
  "awq-int4":
    "answers differ a little; a published checkpoint is needed, whose name ends in -AWQ, -GPTQ-Int4 or -w4a16",
  "gguf:Q8_0": "answers hardly differ",
  "gguf:Q6_K": "answers hardly differ",
  "gguf:Q4_K_M": "answers differ a little",
  "gguf:IQ3_XXS": "answers are worse",
  "gguf:IQ2_XXS": "answers are much worse",
};

function isQuantised({ config, released, gguf }: Model): boolean {
  return gguf !== undefined ||
    (config ?? released)?.["quantization_config"] !== undefined;
}

/** Weights in formats of a table, from the one that is there on. */
function inFormats(
  formats: typeof FORMATS,
  { serve: { engine }, quantization }: Scenario,
  model: Model,
): Proposal[] {
  // What is published in few bits already has no such checkpoints.
  if (quantization.weights === null && isQuantised(model)) return [];
  const all = formats[engine];
  return all.slice(all.indexOf(quantization.weights ?? "none") + 1)
    .map((format) => ({
      set: { "quantization.weights": format },
      words: `Weights in ${format.replace("gguf:", "GGUF ")}`,
      price: PRICES[format] ?? "answers differ",
    }));
}

/** Weights in fewer bits. */
export const quantisedCheckpoint: Lever = {
  task: "serve",
  cost: COST.nearlySame,
  // From a coarse format on there is none that is finer and smaller.
  propose: (scenario, model) =>
    COARSE[scenario.serve.engine].includes(scenario.quantization.weights ?? "")
      ? []
      : inFormats(FORMATS, scenario, model),
};

/** Weights in so few bits that answers suffer. */
export const coarseCheckpoint: Lever = {
  task: "serve",
  cost: COST.another,
  propose: (scenario, model) => inFormats(COARSE, scenario, model),
};
