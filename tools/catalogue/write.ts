/**
 * Writes lib/models/catalogue.json from models.json beside this file: works out
 * each model's parameters from its tensors and stops when a model's counted
 * total, taken from its checkpoint or from transformers, is another.
 *
 *     deno run -A tools/catalogue/write.ts
 *
 * @module
 */
import { modelOfConfig } from "../../lib/models/build_model.ts";
import sources from "./models.json" with { type: "json" };

interface Source {
  id: string;
  /** Another model whose config this one has, but for its changes. */
  like?: string;
  changes?: Record<string, unknown>;
  config?: Record<string, unknown>;
  /** The total of the checkpoint, or of transformers' own model. */
  counted?: number;
  note?: string;
}

const byId = new Map(
  (sources as Source[]).map((source) => [source.id, source]),
);

const lines = [...byId.values()].map((source) => {
  const { id, note, counted } = source;
  const config = configOf(source);
  const model = modelOfConfig(config, { name: id, source: "catalogue" });
  if (!model.ok) throw new Error(`${id}: ${model.problems[0]?.message}`);
  const { parameters, parameters_basis } = model.value;
  if (counted !== undefined && counted !== parameters) {
    throw new Error(
      `${id} has ${counted} parameters, its tensors ${parameters}`,
    );
  }
  if (parameters_basis !== "exact") {
    console.error(`${id}: no family knows ${config["model_type"]}`);
  }
  return JSON.stringify({
    id,
    parameters,
    ...(note === undefined ? {} : { note }),
    config,
  });
});

await Deno.writeTextFile(
  new URL("../../lib/models/catalogue.json", import.meta.url),
  `[\n${lines.join(",\n")}\n]\n`,
);
console.log(`${lines.length} models`);

function configOf(
  { id, like, changes, config }: Source,
): Record<string, unknown> {
  if (config) return config;
  const base = byId.get(like ?? "");
  if (!base) throw new Error(`${id} is like ${like}, which is not there`);
  return merged(configOf(base), changes ?? {});
}

function merged(
  base: Record<string, unknown>,
  changes: Record<string, unknown>,
): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = base[key];
    // Another quantiser's settings have nothing of the first's.
    const isWhole = key === "quantization_config";
    result[key] = !isWhole && isObject(value) && isObject(before)
      ? merged(before, value)
      : value;
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
