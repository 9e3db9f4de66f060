import data from "./catalogue.json" with { type: "json" };
import type { Config } from "./config.ts";
import { NameIndex } from "./names/name_index.ts";
import { SHORT_NAMES } from "./names/short_names.ts";

/** A model that is known without asking anybody. */
export interface CatalogueEntry {
  /** Its id on the Hugging Face Hub. */
  id: string;
  /** Its exact number of parameters, where it has been counted. */
  parameters?: number;
  /** What to know about the count. */
  note?: string;
  /** Of its config.json a part was not read: its count is assumed. */
  unread?: true;
  /** Its count is its checkpoint's, though not every config of its type comes out. */
  counted?: true;
  /** The fields of its config.json that say something about memory. */
  config: Config;
  /** The model that it was made from, whose config it is taken to have. */
  taken_for?: string;
}

/** An entry as the file has it: with the other models of its config. */
interface Row extends CatalogueEntry {
  /** Other releases of it. */
  also?: string[];
  /** What others made from models of this config, by the model. */
  kin?: Record<string, string[]>;
}

/** Every model of the catalogue, ordered by id. */
export const CATALOGUE: readonly CatalogueEntry[] = (data as unknown as Row[])
  .flatMap(({ also = [], kin = {}, ...row }) => [
    row,
    ...also.map((id) => ({ ...row, id })),
    ...Object.entries(kin).flatMap(([base, ids]) =>
      ids.map((id) => ({ ...row, id, taken_for: base }))
    ),
  ])
  .sort((a, b) => a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1);

const byKey = new Map<string, CatalogueEntry>();
for (const entry of CATALOGUE) {
  const name = entry.id.slice(entry.id.indexOf("/") + 1).toLowerCase();
  if (!byKey.has(name)) byKey.set(name, entry);
}
for (const entry of CATALOGUE) byKey.set(entry.id.toLowerCase(), entry);
for (const [short, id] of Object.entries(SHORT_NAMES)) {
  const entry = byKey.get(id.toLowerCase());
  if (entry) byKey.set(short, entry);
}

let index: NameIndex<CatalogueEntry> | null = null;

/**
 * Finds a model by its Hub id, by the part of it after the slash, by a short name
 * such as "llama2-7b", or as ollama and people write it ("llama3.1:8b",
 * "qwen 2.5 7b instruct"), whatever the case.
 */
export function findModel(name: string): CatalogueEntry | null {
  const known = byKey.get(name.trim().toLowerCase());
  if (known) return known;
  index ??= new NameIndex(CATALOGUE, SHORT_NAMES);
  return index.find(name);
}
