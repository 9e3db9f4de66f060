import type { Sources } from "./sources.ts";
import { roomOf } from "./rooms.ts";

const EXPORTED =
  /^export (?:declare |abstract |async )*(interface|type|class|const|function\*?|enum) +(\w+)/gm;

/**
 * Names that two sources export, with the sources: "Block: a.ts, b.ts".
 *
 * Rooms side by side answer the same questions, so that values there may have the
 * same names; types may not, for they travel.
 */
export function namesTwiceIn(sources: Sources): string[] {
  const found = new Map<string, { path: string; isType: boolean }[]>();
  for (const [path, text] of sources) {
    const seen = new Set<string>();
    for (const [, kind = "", name = ""] of text.matchAll(EXPORTED)) {
      // A function has a line for each of its signatures.
      if (seen.has(name)) continue;
      seen.add(name);
      const isType = ["interface", "type", "class"].includes(kind);
      found.set(name, [...found.get(name) ?? [], { path, isType }]);
    }
  }
  return [...found].filter(([, places]) =>
    places.length > 1 &&
    (places.some(({ isType }) => isType) || !standSideBySide(places))
  ).map(([name, places]) =>
    `${name}: ${places.map(({ path }) => path).sort().join(", ")}`
  ).sort();
}

/** Whether each of some sources stands in a room of its own of one `X/*`. */
function standSideBySide(places: readonly { path: string }[]): boolean {
  const rooms = places.map(({ path }) => roomOf(path));
  return new Set(rooms.map((room) => room?.at)).size === 1 &&
    new Set(rooms.map((room) => room?.name)).size === places.length;
}
