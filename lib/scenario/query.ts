import { changesOf } from "./default_scenario.ts";
import type { Scenario } from "./schema.ts";
import { leavesOf, putAt } from "./walk.ts";

/** Separates the names of a list; a list of one name ends with it. */
const LIST = ",";

/** Keys that hosts and trackers add to an address; no field begins so. */
const FOREIGN = /^(__|utm_|fbclid$|gclid$)/;

/**
 * Writes a Scenario as the query of its address: the model, then each field
 * that differs from its default under its dotted path. The same Scenario
 * always gives the same text, and {@linkcode fromQuery} gives it back exactly.
 *
 * @returns The query without its "?".
 */
export function toQuery(scenario: Scenario): string {
  const pairs = modelPairs(scenario.model);
  for (const { path, value } of changesOf(scenario)) {
    if (!isModel(path)) pairs.push([path, encode(value)]);
  }
  return pairs.map(([path, text]) => `${path}=${readable(text)}`).join("&");
}

/**
 * Reads a query or a form into a Scenario's input, still unchecked: values stay
 * text for the schema to read. Blank fields mean their default.
 *
 * A field given twice keeps the last value, as a form's hidden "false" before a
 * tick box expects.
 */
export function fromQuery(query: URLSearchParams): Record<string, unknown> {
  const input: Record<string, unknown> = Object.create(null);
  for (const [path, text] of query) {
    if (text.trim() === "" || FOREIGN.test(path)) continue;
    putAt(input, path, path.endsWith(".config") ? configOf(text) : text);
  }
  return input;
}

function isModel(path: string): boolean {
  return path === "model" || path.startsWith("model.");
}

function modelPairs(model: Scenario["model"]): [string, string][] {
  if (typeof model === "string") return [["model", model]];
  if ("config" in model) {
    return [["model.config", JSON.stringify(model.config)]];
  }
  return leavesOf(model.dims, "model.dims")
    .filter(({ value }) => value !== undefined)
    .map(({ path, value }) => [path, encode(value)]);
}

function configOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function encode(value: unknown): string {
  if (!Array.isArray(value)) {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  if (value.length === 0) return LIST;
  return value.length === 1 ? `${value[0]}${LIST}` : value.join(LIST);
}

/** Percent-encodes a value but leaves what an address may show as it is. */
function readable(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /%(2F|3A|2C|40)/g,
    (escaped) => decodeURIComponent(escaped),
  ).replaceAll("%20", "+");
}
