import {
  estimate,
  estimateScenario,
  fromQuery,
  parseScenario,
  strategies,
  toQuery,
} from "../lib/mod.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";
import { recordPass } from "../lib/engines/blocks/pass.ts";
import { stepPlanOf } from "../lib/plan/step_plan.ts";
import { allocatorPeaks } from "../lib/play/readers/allocator/peaks.ts";
import { playRanks, playStep } from "../lib/engines/step.ts";

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
const LONGEST = {
  config: {
    model_type: "llama",
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 10_000,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128_256,
  },
};
for (
  const [name, model, method] of [
    ["32 layers", "meta-llama/Llama-3.1-8B", "full"],
    ["32 layers, qlora", "meta-llama/Llama-3.1-8B", "qlora"],
    ["126 layers", "meta-llama/Llama-3.1-405B", "full"],
    ["10,000 layers", LONGEST, "full"],
  ] as const
) {
  const group = `timeline, ${name}`;
  const one = parseScenario({
    model,
    train: { checkpointing: "full", method },
  });
  if (!one.ok) throw new Error("The benchmark's scenario is not valid");
  const found = resolveModel(one.value.model);
  if (!found.ok) throw new Error(`There is no model of ${name}`);
  const step = playStep(one.value, found.value);
  if ("reason" in step) throw new Error(step.reason);
  Deno.bench(`resolveModel (${name})`, { group }, () => {
    resolveModel(one.value.model);
  });
  Deno.bench(`stepPlanOf (${name})`, { group }, () => {
    stepPlanOf(one.value, found.value);
  });
  Deno.bench(`recordPass (${name})`, { group }, () => {
    recordPass(step.plan, { workspaces: true }, {});
  });
  Deno.bench(`playStep: plan, record, follow (${name})`, { group }, () => {
    playStep(one.value, found.value);
  });
  Deno.bench(`allocatorPeaks (${name})`, { group }, () => {
    allocatorPeaks(step);
  });
  Deno.bench(`estimateScenario (${name})`, { group, baseline: true }, () => {
    estimateScenario(one.value);
  });
}
const FULL = { train: { checkpointing: "full", sequence_length: 4096 } };
const SMALL = { model: "meta-llama/Llama-3.1-8B", ...FULL };
const LARGE = { model: "meta-llama/Llama-3.1-405B", ...FULL };
const STAGES = {
  gpus: 512,
  tp: 8,
  pp: 8,
  cp: 2,
  sequence_parallel: true,
  layers_of_first_stage: 15,
  layers_of_last_stage: 15,
};
const EIGHT = { ...SMALL, parallel: { gpus: 8 } };
for (
  const [name, asked] of [
    ["8B, DDP", { ...EIGHT, engine: { name: "ddp" } }],
    ["8B, FSDP 1", { ...EIGHT, engine: { name: "fsdp" } }],
    ["8B, FSDP 2", { ...EIGHT, engine: { name: "fsdp2" } }],
    ...[1, 2, 3].map((zero_stage) => [
      `8B, ZeRO ${zero_stage}`,
      { ...EIGHT, engine: { name: "deepspeed", zero_stage } },
    ]),
    ["8B, Megatron tp 8", {
      ...SMALL,
      parallel: { gpus: 8, tp: 8, sequence_parallel: true },
      engine: { name: "megatron" },
    }],
    ["405B, Megatron tp 8 pp 8 cp 2", {
      ...LARGE,
      train: { ...LARGE.train, gradient_accumulation: 16 },
      parallel: STAGES,
      engine: { name: "megatron" },
    }],
  ] as [string, unknown][]
) {
  const many = parseScenario(asked);
  if (!many.ok) throw new Error("The benchmark's scenario is not valid");
  const found = resolveModel(many.value.model);
  if (!found.ok) throw new Error(`There is no model of ${name}`);
  Deno.bench(`all ranks (${name})`, { group: "many GPUs" }, () => {
    const steps = playRanks(many.value, found.value);
    if ("reason" in steps) throw new Error(steps.reason);
  });
}
const widest = parseScenario(LARGE);
const large = resolveModel(LARGE.model);
if (!widest.ok || !large.ok) throw new Error("There is no large model");
Deno.bench("strategies (405B on 512 GPUs)", { group: "many GPUs" }, () => {
  strategies(widest.value, large.value, 512);
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
