import type { Sources } from "./sources.ts";
import { roomOf } from "./rooms.ts";

/** Where other programs find names. */
const DOOR = "lib/mod.ts";

const EXPORTED =
  /^export (?:declare |abstract |async )*(interface|type|class|const|function\*?|enum) +(\w+)/gm;
const HANDED_ON = /^export (?:type )?\{([^}]*)\} from/gm;

interface Export {
  name: string;
  path: string;
  isType: boolean;
}

/**
 * Names that several sources export, with the sources: "Block: a.ts, b.ts".
 *
 * Types, and what other programs import, are called what nothing else in `lib`
 * is. Functions and constants are named in their room: torch's `attention` runs
 * what a family's `attention` declares.
 */
export function namesTwiceIn(sources: Sources): string[] {
  const travelling = handedOn(sources.get(DOOR) ?? "");
  const found = new Map<string, Export[]>();
  for (const each of exportsOf(sources)) {
    const { name, isType, path } = each;
    const isAlone = isType || travelling.has(name);
    const key = isAlone ? name : `${name} in ${roomOf(path)?.name}`;
    found.set(key, [...found.get(key) ?? [], each]);
  }
  return [...found.values()].filter((places) => places.length > 1)
    .map((places) =>
      `${places[0]?.name}: ${places.map(({ path }) => path).sort().join(", ")}`
    ).sort();
}

function exportsOf(sources: Sources): Export[] {
  return [...sources].flatMap(([path, text]) => {
    // A function has a line for each of its signatures.
    const own = new Map<string, Export>();
    for (const [, kind = "", name = ""] of text.matchAll(EXPORTED)) {
      const isType = ["interface", "type", "class"].includes(kind);
      own.set(name, { name, path, isType });
    }
    return [...own.values()];
  });
}

function handedOn(door: string): ReadonlySet<string> {
  return new Set(
    [...door.matchAll(HANDED_ON)].flatMap(([, names = ""]) =>
      names.split(",").map((name) => name.trim())
    ),
  );
}
