import data from "./catalogue.json" with { type: "json" };
import type { Config } from "./config.ts";
import { kindsOf } from "./kinds.ts";

/** A model that is known without asking anybody. */
export interface CatalogueEntry {
  /** Its id on the Hugging Face Hub. */
  id: string;
  /** Its exact number of parameters, where it has been counted. */
  parameters?: number;
  /** What to know about the count. */
  note?: string;
  /** The fields of its config.json that say something about memory. */
  config: Config;
}

/** Short names that people type for whole ids. */
const SHORT_NAMES: Record<string, string> = {
  "llama2-7b": "meta-llama/Llama-2-7b-hf",
  "llama2-13b": "meta-llama/Llama-2-13b-hf",
  "llama2-70b": "meta-llama/Llama-2-70b-hf",
  "llama3-8b": "meta-llama/Meta-Llama-3-8B",
  "llama3-70b": "meta-llama/Meta-Llama-3-70B",
  "llama3.1-8b": "meta-llama/Llama-3.1-8B",
  "llama3.1-70b": "meta-llama/Llama-3.1-70B",
  "llama3.1-405b": "meta-llama/Llama-3.1-405B",
  "mistral-7b": "mistralai/Mistral-7B-v0.1",
  "mixtral-8x7b": "mistralai/Mixtral-8x7B-v0.1",
};

/** Every model of the catalogue, ordered by id. */
export const CATALOGUE: readonly CatalogueEntry[] = data as CatalogueEntry[];

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

/**
 * Finds a model by its Hub id, by the part of it after the slash, or by a short
 * name such as "llama2-7b", whatever the case.
 */
export function findModel(name: string): CatalogueEntry | null {
  return byKey.get(name.trim().toLowerCase()) ?? null;
}

/**
 * Searches the catalogue: every word of the query has to occur in the id, the
 * type or one of the kinds.
 */
export function searchModels(query: string): CatalogueEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return CATALOGUE.filter((entry) => {
    const text = [
      entry.id,
      entry.config["model_type"],
      ...kindsOf(entry.config),
    ]
      .join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Ids that resemble a name which is not in the catalogue, best first. */
export function similarModels(name: string, limit = 3): string[] {
  const wanted = trigrams(name);
  return CATALOGUE
    .map((entry) => ({
      id: entry.id,
      score: overlap(wanted, trigrams(entry.id)),
    }))
    .filter(({ score }) => score >= 0.3)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ id }) => id);
}

function trigrams(text: string): Set<string> {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "");
  const grams = new Set<string>();
  for (let at = 0; at + 3 <= plain.length; at++) {
    grams.add(plain.slice(at, at + 3));
  }
  return grams;
}

/** Share of the smaller set's members that both sets have, and of the larger's. */
function overlap(a: Set<string>, b: Set<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let common = 0;
  for (const gram of a) if (b.has(gram)) common++;
  return 2 * common / (a.size + b.size);
}
