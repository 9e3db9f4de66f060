import type { Graph } from "./imports.ts";
import { LIB_PACKAGES, roomOf, ROOMS } from "./rooms.ts";

/** Files that stand in no room, and imports against the order of the rooms. */
export function wrongArrowsIn(
  graph: Graph,
  rooms: readonly string[] = ROOMS,
): string[] {
  return [...graph].flatMap(([file, { files }]) => {
    const own = roomOf(file, rooms);
    if (own === null) return [`${file} stands in no room`];
    return files.flatMap((target): string[] => {
      const other = roomOf(target, rooms);
      if (other === null) {
        return [`${file} imports ${target}, which stands in no room`];
      }
      if (other.at < own.at || other.name === own.name) return [];
      return [
        `${file} imports ${target}: ${own.name} ${
          other.at === own.at ? "stands beside" : "comes before"
        } ${other.name}`,
      ];
    });
  }).sort();
}

/** Packages that `lib` imports and may not: it is pure. */
export function foreignPackagesIn(graph: Graph): string[] {
  return [...graph].filter(([file]) => file.startsWith("lib/"))
    .flatMap(([file, { packages }]) =>
      packages.filter((name) => !LIB_PACKAGES.has(name))
        .map((name) => `${file} imports ${name}`)
    ).sort();
}
