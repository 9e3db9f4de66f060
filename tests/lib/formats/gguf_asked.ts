import { assert } from "../../assert.ts";
import type { GgufModel } from "../../../lib/formats/gguf/gguf_model.ts";
import { ggufOf } from "../../../lib/formats/gguf/mod.ts";
import type { Model } from "../../../lib/models/model.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import type { ScenarioInput } from "../../../lib/scenario/parse_scenario.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import type { Scenario } from "../../../lib/scenario/schema.ts";

/** A Scenario that has to be valid. */
export function scenarioOf(input: ScenarioInput): Scenario {
  const parsed = parseScenario(input);
  assert(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

/** A model of the catalogue, or of a config. */
export function modelOf(model: unknown): Model {
  const found = resolveModel(scenarioOf({ model } as ScenarioInput).model);
  assert(found.ok, JSON.stringify(found));
  return found.value;
}

/** A model as a GGUF file of a type. */
export function fileOf(model: Model, type: string): GgufModel {
  const gguf = ggufOf(model, type);
  assert(gguf.ok, JSON.stringify(gguf));
  return gguf.value;
}
