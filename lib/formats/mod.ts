import type { Model } from "../models/model.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { ggufOf, ggufOfFile, ggufTypeOf } from "./gguf/mod.ts";
import { storedGguf } from "./gguf/stored.ts";
import { namedScheme } from "./named.ts";
import { plainModel } from "./plain.ts";
import { storedBy } from "./stored.ts";
import type { StoredModel } from "./stored_model.ts";

/**
 * How a model's tensors are stored: as published where `quantization.weights` is
 * null, else in that format.
 *
 * @returns The checkpoint, or what is wrong with its description.
 */
export function storedModelOf(
  scenario: Scenario,
  model: Model,
): Result<StoredModel> {
  const { weights } = scenario.quantization;
  if (weights === null || weights === "none") {
    if (weights === null && model.gguf) {
      return { ok: true, value: storedGguf(ggufOfFile(model.gguf)) };
    }
    return {
      ok: true,
      value: plainModel(model, scenario.precision.weights),
    };
  }
  const type = ggufTypeOf(weights);
  if (type !== null) {
    const gguf = ggufOf(model, type);
    return gguf.ok ? { ok: true, value: storedGguf(gguf.value) } : gguf;
  }
  const scheme = namedScheme(weights, scenario, model);
  if (scheme) return { ok: true, value: storedBy(model, scheme) };
  return {
    ok: false,
    problems: [{
      path: "quantization.weights",
      message:
        `quantization.weights must be a format whose checkpoints are known: current value is ${weights}`,
    }],
  };
}
