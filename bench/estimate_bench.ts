import {
  estimate,
  estimateScenario,
  fromQuery,
  parseScenario,
  toQuery,
} from "../lib/mod.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";
import { playStep } from "../lib/step/step.ts";

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
for (
  const [name, model] of [
    ["32 layers", "meta-llama/Llama-3.1-8B"],
    ["126 layers", "meta-llama/Llama-3.1-405B"],
  ] as const
) {
  const one = parseScenario({ model, train: { checkpointing: "full" } });
  if (!one.ok) throw new Error("The benchmark's scenario is not valid");
  const found = resolveModel(model);
  if (!found.ok) throw new Error(`The catalogue has no ${model}`);
  Deno.bench(`playStep (${name})`, { group: "timeline" }, () => {
    playStep(one.value, found.value);
  });
  Deno.bench(
    `estimateScenario (timeline with allocator, ${name})`,
    { group: "timeline" },
    () => {
      estimateScenario(one.value);
    },
  );
}
Deno.bench("parseScenario", () => {
  parseScenario(input);
});
Deno.bench("toQuery", () => {
  toQuery(scenario);
});
Deno.bench("fromQuery", () => {
  fromQuery(query);
});
