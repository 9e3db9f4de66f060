/**
 * Writes lib/models/catalogue.json from models.json beside this file: works out
 * each model's parameters from its tensors and stops when a model's counted
 * total, taken from its checkpoint or from transformers, is another, or when a
 * name stands there twice. Models of one config share a line.
 *
 *     deno run -A tools/catalogue/write.ts
 *
 * @module
 */
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { familyOf } from "../../lib/models/families/mod.ts";
import type { Model } from "../../lib/models/model.ts";
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
  /** Of its config.json a part was not read, of which its note tells. */
  unread?: true;
  /** Where its config was read; a checkpoint of the Hub where it is left out. */
  source?: string;
  /** Other releases of it, of the same config: instructed, pre-trained, dated. */
  also?: string[];
  /** What was made from it, and is taken to have its config. */
  kin?: string[];
}

/** A line of the catalogue. */
interface Row {
  id: string;
  parameters: number;
  note?: string;
  unread?: true;
  counted?: true;
  also?: string[];
  kin?: Record<string, string[]>;
  config: Record<string, unknown>;
}

const byId = new Map(
  (sources as Source[]).map((source) => [source.id, source]),
);

const rows = new Map<string, Row>();
const names = new Set<string>();
for (const source of byId.values()) {
  const { id, note, unread, also = [], kin = [] } = source;
  if (unread && note === undefined) {
    throw new Error(`${id} does not say what of its config was not read`);
  }
  for (const name of [id, ...also, ...kin]) {
    if (names.has(name.toLowerCase())) {
      throw new Error(`${name} is there twice`);
    }
    names.add(name.toLowerCase());
  }
  const config = configOf(source);
  const key = JSON.stringify([note, unread, config]);
  const row = rows.get(key);
  if (row) (row.also ??= []).push(id, ...also);
  else {
    const model = modelOf(source, config);
    rows.set(key, {
      id,
      parameters: model.parameters,
      ...(note === undefined ? {} : { note }),
      ...(unread ? { unread } : {}),
      // What the library is not sure of by itself was compared here.
      ...(!unread && source.counted && model.parameters_basis === "assumed"
        ? { counted: true }
        : {}),
      ...(also.length === 0 ? {} : { also: [...also] }),
      config,
    });
  }
  const first = rows.get(key);
  if (first && kin.length > 0) (first.kin ??= {})[id] = kin;
}

/** The model of a config, whose count is what somebody else counted. */
function modelOf(
  { id, counted }: Source,
  config: Record<string, unknown>,
): Model {
  const model = modelOfConfig(config, { name: id, source: "catalogue" });
  if (!model.ok) throw new Error(`${id}: ${model.problems[0]?.message}`);
  const { parameters } = model.value;
  if (counted !== undefined && counted !== parameters) {
    throw new Error(
      `${id} has ${counted} parameters, its tensors ${parameters}`,
    );
  }
  if (familyOf(String(config["model_type"])) === null) {
    console.error(`${id}: no family knows ${config["model_type"]}`);
  }
  return model.value;
}

await Deno.writeTextFile(
  new URL("../../lib/models/catalogue.json", import.meta.url),
  `[\n${[...rows.values()].map((row) => JSON.stringify(row)).join(",\n")}\n]\n`,
);
console.log(`${names.size} models of ${rows.size} configs`);

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
