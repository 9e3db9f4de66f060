import MiniSearch from "minisearch";
import type { CatalogueEntry } from "../catalogue.ts";
import { CATALOGUE } from "../catalogue.ts";
import { kindsOf } from "../kinds.ts";
import { nearest } from "./nearest_models.ts";

interface Document {
  readonly id: number;
  readonly name: string;
  readonly about: string;
}

/** Longest text that is searched for; names of the Hub have at most 96 characters. */
const MAX_QUERY = 200;
/** Most words of it. */
const MAX_WORDS = 12;
/** Between words of names. */
const BETWEEN = /[\s/_:,-]+/;
/** How far off a mistyped word may be, as a share of its letters. */
const MISTYPED = 0.25;
/** How much more a word of the name counts that it begins with. */
const BEGINNING = 3;
/** What counts of a word that is there in part. */
const PART = 0.1;
/** How much less what somebody made from a model counts than a release. */
const MADE = 0.7;
/** Shorter words begin names by chance. */
const MIN_BEGINNING = 3;
/** A name's word counts more than one of its type. */
const NAME = 4;

let made: MiniSearch<Document> | null = null;

/** Made when somebody searches: most who start the program never do. */
function index(): MiniSearch<Document> {
  if (made) return made;
  made = new MiniSearch<Document>({
    fields: ["name", "about"],
    tokenize: wordsOfName,
    searchOptions: {
      tokenize: wordsOfQuery,
      combineWith: "AND",
      prefix: true,
      boost: { name: NAME },
      weights: { prefix: PART, fuzzy: PART },
      boostDocument: (id, term) =>
        (term.length >= MIN_BEGINNING && beginning(Number(id)).startsWith(term)
          ? BEGINNING
          : 1) * (CATALOGUE[Number(id)]?.taken_for === undefined ? 1 : MADE),
    },
  });
  made.addAll(CATALOGUE.map(({ id, config }, at) => ({
    id: at,
    name: id,
    about: [config["model_type"], ...kindsOf(config)].join(" "),
  })));
  return made;
}

/** A model's own name, without its owner and what sets words apart. */
function beginning(at: number): string {
  const id = CATALOGUE[at]?.id ?? "";
  return id.slice(id.indexOf("/") + 1).toLowerCase().replace(/-(?=\d)/, "");
}

/**
 * The words that a name is found by: its own, the letters and the number of those
 * that have both, and a word of letters with the number behind it.
 */
function wordsOfName(text: string): string[] {
  const words = text.toLowerCase().split(BETWEEN);
  return [text.toLowerCase(), ...words].concat(words.flatMap((word, at) => {
    const parts = /^([a-z]{3,})(\d.*)$/.exec(word)?.slice(1) ?? [];
    const next = words[at + 1] ?? "";
    return /^[a-z]+$/.test(word) && /^\d/.test(next)
      ? [...parts, word + next]
      : parts;
  }));
}

function wordsOfQuery(text: string): string[] {
  return text.slice(0, MAX_QUERY).toLowerCase().split(BETWEEN)
    .filter((word) => word !== "").slice(0, MAX_WORDS);
}

/**
 * Searches the catalogue by words of the name, the type and the kinds, or their
 * beginnings: every one has to be there. What stands before a slash is the owner.
 *
 * @returns What is meant most likely first; all models in their order where the
 *   query is empty.
 */
export function searchModels(query: string): CatalogueEntry[] {
  if (query.trim() === "") return [...CATALOGUE];
  const owner = /^\s*[^\s/]*\//.exec(query)?.[0].trim().toLowerCase() ?? "";
  return entriesOf(index().search(query))
    .filter(({ id }) => id.toLowerCase().startsWith(owner));
}

/**
 * Ids that a name which is not in the catalogue may mean, best first: some of its
 * words may be mistyped or missing.
 */
export function similarModels(name: string, limit = 3): string[] {
  const found = index().search(name, {
    combineWith: "OR",
    fuzzy: (word) => /^\d/.test(word) ? false : MISTYPED,
    prefix: (word) => word.length > 1 || /^\d/.test(word),
  });
  const words = wordsOfQuery(name).length;
  // One word of many says little.
  const enough = found.filter(({ queryTerms }) =>
    queryTerms.length * 2 >= words
  );
  return nearest(entriesOf(enough), name).slice(0, limit).map(({ id }) => id);
}

function entriesOf(found: readonly { id: number }[]): CatalogueEntry[] {
  return found.flatMap(({ id }) => CATALOGUE[id] ?? []);
}
