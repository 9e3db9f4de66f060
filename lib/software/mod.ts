import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import { litgptCode } from "./litgpt/code.ts";
import type { CodeOf, ModelCode } from "./model_code.ts";
import { nanoVlmCode } from "./nanovlm/code.ts";
import { torchtitanCode } from "./torchtitan/code.ts";
import { torchtuneCode } from "./torchtune/code.ts";
import { transformersCode } from "./transformers/code.ts";

type Name = Scenario["software"]["model_code"];

/** Programs by `software.model_code`; null: run as transformers' code. */
const CODES: Readonly<Record<Name, CodeOf | null>> = {
  transformers: transformersCode,
  torchtune: torchtuneCode,
  litgpt: litgptCode,
  torchtitan: torchtitanCode,
  "gpt-fast": null,
  nanovlm: null,
  megatron: null,
};

/** Programs whose models run in no other's code, by model type. */
const OF_TYPES: Readonly<
  Record<
    string,
    (code: ModelCode, scenario: Scenario, model: Model) => ModelCode
  >
> = { nanovlm: nanoVlmCode };

/**
 * Whether the code that a scenario's model runs in is played as itself:
 * Megatron-Core's layers stand in its engine's plan.
 */
export function isPlayed({ software, engine }: Scenario): boolean {
  return CODES[software.model_code] !== null ||
    software.model_code === "megatron" && engine.name === "megatron";
}

/** The code that is played through for a scenario. */
export function playedCode(scenario: Scenario, model: Model): ModelCode {
  const codeOf = CODES[scenario.software.model_code] ?? transformersCode;
  const code = codeOf(scenario, model);
  const { type } = model.architecture;
  return Object.hasOwn(OF_TYPES, type)
    ? OF_TYPES[type]?.(code, scenario, model) ?? code
    : code;
}
