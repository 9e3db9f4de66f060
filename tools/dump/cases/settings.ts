import type { Case, Input } from "../case.ts";
import { withFields } from "../with.ts";
import { CONFIGS, DIMS, ofConfig } from "./bases.ts";
import { scenarioCase } from "./scenario_case.ts";
import { FIELDS } from "./values.ts";

/** What each field is changed in. */
const BASES: Readonly<Record<string, Input>> = {
  full: ofConfig("llama"),
  "amp moe": withFields(ofConfig("moe"), {
    "precision.weights": "fp32",
    "precision.autocast": "bf16",
    "train.checkpointing": "full",
  }),
  lora: withFields(ofConfig("sight"), {
    "train.method": "lora",
    "train.images_per_sample": 1,
  }),
  qlora: withFields(ofConfig("gemma"), {
    "train.method": "qlora",
    "quantization.weights": "nf4",
    "precision.autocast": "bf16",
  }),
  serve: withFields(ofConfig("llama"), { task: "serve" }),
  vllm: withFields(ofConfig("latent"), {
    task: "serve",
    "serve.engine": "vllm",
    "parallel.gpus": 2,
    "parallel.tp": 2,
  }),
  zero: withFields(ofConfig("llama"), {
    "parallel.gpus": 8,
    "engine.name": "deepspeed",
    "engine.zero_stage": 3,
  }),
  megatron: withFields(ofConfig("moe"), {
    "parallel.gpus": 16,
    "parallel.tp": 2,
    "parallel.pp": 2,
    "parallel.ep": 2,
    "engine.name": "megatron",
    "software.model_code": "megatron",
  }),
  ...Object.fromEntries(
    ["factors", "engine-formulas", "multipliers", "rule-of-thumb"].map(
      (method) => [method, withFields(ofConfig("moe"), { method })],
    ),
  ),
  "factors serve": withFields(ofConfig("sight"), {
    method: "factors",
    task: "serve",
  }),
  "engine-formulas serve": withFields(ofConfig("llama"), {
    method: "engine-formulas",
    task: "serve",
  }),
};

const METHODS = [
  "timeline",
  "factors",
  "engine-formulas",
  "multipliers",
  "rule-of-thumb",
];

/** Each field alone with each of its values; and each kind of model by method. */
export function settingCases(): Case[] {
  return [
    ...Object.entries(BASES).flatMap(([base, input]) =>
      FIELDS.flatMap(({ path, values }) =>
        values.map((value) =>
          scenarioCase(
            `setting ${base}: ${path} ${JSON.stringify(value)}`,
            withFields(input, { [path]: value }),
          )
        )
      )
    ),
    ...[...Object.keys(CONFIGS), "dims"].flatMap((name) =>
      METHODS.flatMap((method) =>
        ["train", "serve"].map((task) =>
          scenarioCase(
            `method ${method} ${task} ${name}`,
            withFields(
              name === "dims" ? { model: { dims: DIMS } } : ofConfig(name),
              { method, task },
            ),
          )
        )
      )
    ),
  ];
}
