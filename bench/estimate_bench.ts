import {
  estimate,
  estimateScenario,
  fromQuery,
  parseScenario,
  toQuery,
} from "../lib/mod.ts";

const input = {
  model: "meta-llama/Llama-2-7b-hf",
  train: { micro_batch: 2, sequence_length: 4096, checkpointing: "full" },
  parallel: { gpus: 8 },
  engine: { name: "deepspeed", zero_stage: 2 },
} as const;
const parsed = parseScenario(input);
if (!parsed.ok) throw new Error("The benchmark's scenario is not valid");
const scenario = parsed.value;
const query = new URLSearchParams(toQuery(scenario));

Deno.bench(
  "estimateScenario (validated scenario)",
  { group: "estimate" },
  () => {
    estimateScenario(scenario);
  },
);
Deno.bench("estimate (validates first)", { group: "estimate" }, () => {
  estimate(input);
});
Deno.bench("parseScenario", () => {
  parseScenario(input);
});
Deno.bench("toQuery", () => {
  toQuery(scenario);
});
Deno.bench("fromQuery", () => {
  fromQuery(query);
});
