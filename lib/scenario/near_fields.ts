import MiniSearch from "minisearch";
import { FIELDS } from "./field_list.ts";

/** Most fields that are named: more would be a list to read. */
const MOST = 3;
/** Longest name that is looked up. */
const MAX_NAME = 100;
/** Between words of a field's name, its label and its flag. */
const BETWEEN = /[\s._/:,()-]+/;
/** How far off a mistyped word may be, as a share of its letters. */
const MISTYPED = 0.25;
/** How much more a field counts that stands in the section that was written. */
const BESIDE = 10;
/** What counts of a field's score that is still as near as the nearest. */
const AS_NEAR = 0.6;

let made: MiniSearch | null = null;

/** Made when a name is wrong: most scenarios have none. */
function index(): MiniSearch {
  if (made) return made;
  made = new MiniSearch({
    fields: ["path", "label", "flag", "help"],
    tokenize: (text) => text.toLowerCase().split(BETWEEN).filter(Boolean),
    searchOptions: {
      boost: { path: 3, label: 2, flag: 2 },
      fuzzy: (word) => word.length > 3 ? MISTYPED : false,
      prefix: (word) => word.length > 3,
    },
  });
  made.addAll(
    FIELDS.map(({ path, label, flag, help }, id) => ({
      id,
      path,
      label,
      flag: typeof flag === "string" ? flag : flag?.name,
      help,
    })),
  );
  return made;
}

/**
 * The fields of a Scenario that a wrong name may mean, nearest first; none
 * where no word of its last part is a word of theirs.
 *
 * @param name What was written, a dotted path or a part of one.
 */
export function fieldsNear(name: string): string[] {
  const keys = name.slice(-MAX_NAME).split(".");
  const section = keys.slice(0, -1).join(".");
  const hits = index().search(keys.at(-1) ?? "", {
    boostDocument: (id) => isIn(section, FIELDS[Number(id)]?.path) ? BESIDE : 1,
  });
  const best = hits[0]?.score ?? 0;
  return hits.filter(({ score }) => score >= AS_NEAR * best)
    .slice(0, MOST)
    .flatMap(({ id }) => FIELDS[id]?.path ?? []);
}

function isIn(section: string, path = ""): boolean {
  return section !== "" && path.startsWith(`${section}.`);
}
