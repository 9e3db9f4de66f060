import { assert, assertEquals } from "@std/assert";
import { FAMILIES } from "../../lib/models/families/mod.ts";
import { adaptersOf } from "../../lib/models/lora/adapters.ts";
import type { LoraSettings } from "../../lib/models/lora/settings.ts";
import { ConfigReader } from "../../lib/models/tensors/config_reader.ts";
import { TensorScope } from "../../lib/models/tensors/tensor_scope.ts";
import { findModel } from "../../lib/mod.ts";
import lora from "../truth/lora.json" with { type: "json" };
import parameters from "../truth/parameters.json" with { type: "json" };
import { assertOk } from "./results.ts";

/** What PEFT counted: tests/truth/lora.json. */
interface LoraTruth {
  model: string;
  lora: {
    r: number;
    target_modules?: string | string[];
    modules_to_save?: string[];
    target_parameters?: string[];
    bias?: "none" | "all" | "lora_only";
    use_dora?: boolean;
  };
  trainable: number;
  total: number;
  hits: Record<string, number>;
}

/** Models that lora.json names and parameters.json does not, by the catalogue's id. */
const IN_CATALOGUE: Record<string, string> = { "t5-base": "google-t5/t5-base" };

for (const truth of lora as unknown as LoraTruth[]) {
  const { r, target_modules, modules_to_save = [], target_parameters = [] } =
    truth.lora;
  const name = `${truth.model} ${JSON.stringify(truth.lora)}`;
  Deno.test(`adaptersOf() trains what PEFT trains: ${name}`, () => {
    const config = configOf(truth.model);
    const type = String(config["model_type"]);
    const scope = new TensorScope();
    FAMILIES[type]?.(new ConfigReader(config), scope);
    const settings: LoraSettings = {
      rank: r,
      targets: target_modules ?? "default",
      target_parameters,
      modules_to_save,
      dora: truth.lora.use_dora ?? false,
      bias: truth.lora.bias ?? "none",
    };
    const result = adaptersOf(scope.tensors, settings, {
      model_type: type,
      transformers: 5,
      peft: 18,
    });
    assertOk(result);
    assertEquals(result.value.trainable, truth.trainable);
    // PEFT names the wrappers of bare parameters rather than the parameters.
    if (target_parameters.length > 0) return;
    assertEquals(sorted(result.value.hits), sorted(truth.hits));
  });
}

function configOf(model: string): Record<string, unknown> {
  const found = (parameters as { name: string; config: unknown }[])
    .find(({ name }) => name === model);
  if (found) return found.config as Record<string, unknown>;
  const entry = findModel(IN_CATALOGUE[model] ?? model);
  assert(entry, `There is no config of ${model}`);
  return entry.config;
}

function sorted(hits: Record<string, number>): [string, number][] {
  return Object.entries(hits).sort(([a], [b]) => a < b ? -1 : 1);
}
