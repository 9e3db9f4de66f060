import type { Model } from "../models/model.ts";
import { TooManySteps } from "../patterns/mod.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { ggufOf, ggufOfFile, ggufTypeOf, publishedGguf } from "./gguf/mod.ts";
import { storedGguf } from "./gguf/stored.ts";
import { headersModel } from "./from_headers.ts";
import { namedScheme } from "./named.ts";
import { plainModel } from "./plain.ts";
import { dtypeOfConfig } from "./published/dtype.ts";
import { publishedScheme } from "./published/mod.ts";
import type { WeightScheme } from "./scheme.ts";
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
  const { quantization: { weights }, precision } = scenario;
  if (weights === "none") {
    return { ok: true, value: plainModel(model, precision.weights) };
  }
  if (weights === null && model.gguf) {
    return { ok: true, value: storedGguf(ggufOfFile(model.gguf)) };
  }
  const type = ggufTypeOf(weights ?? publishedGguf(model) ?? "");
  if (type !== null) {
    const gguf = ggufOf(model, type);
    return gguf.ok ? { ok: true, value: storedGguf(gguf.value) } : gguf;
  }
  const known = remembered.get(model) ?? new Map<string, StoredModel>();
  remembered.set(model, known);
  const key = keyOf(scenario);
  const before = known.get(key);
  if (before) return { ok: true, value: before };
  const found = safetensors(scenario, model);
  if (known.size >= MAX_REMEMBERED) known.clear();
  if (found.ok) known.set(key, found.value);
  return found;
}

/** Checkpoints of a model: it is asked for again and again. */
const remembered = new WeakMap<Model, Map<string, StoredModel>>();
const MAX_REMEMBERED = 20;

/** All of a Scenario that decides how a model is stored. */
function keyOf(
  { quantization, precision, serve, software }: Scenario,
): string {
  const { weights, group_size } = quantization;
  return [
    weights,
    group_size,
    precision.weights,
    serve.engine,
    software.transformers,
  ].join();
}

function safetensors(scenario: Scenario, model: Model): Result<StoredModel> {
  const { quantization: { weights }, precision } = scenario;
  const config = model.config ?? model.released;
  const plain = dtypeOfConfig(config) ?? precision.weights;
  const published = publishedScheme(config, plain);
  if (weights === null) {
    if (!published.ok) return published;
    return published.value ? stored(model, published.value) : {
      ok: true,
      value: headersModel(model) ?? plainModel(model, plain),
    };
  }
  const own = published.ok ? published.value : null;
  if (own?.formats.includes(weights)) return stored(model, own);
  const named = namedScheme(weights, scenario, model);
  return named ? stored(model, named) : {
    ok: false,
    problems: [{
      path: "quantization.weights",
      message:
        `quantization.weights must be a format whose checkpoints are known: current value is ${weights}`,
    }],
  };
}

function stored(model: Model, scheme: WeightScheme): Result<StoredModel> {
  try {
    return { ok: true, value: storedBy(model, scheme) };
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    const path = "model.config.quantization_config";
    return {
      ok: false,
      problems: [{ path, message: `${path}'s patterns ${error.message}` }],
    };
  }
}
