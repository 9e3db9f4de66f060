import type { CatalogueEntry } from "../catalogue.ts";

/** A number of parameters in a name. */
const SIZE = /(?<![a-z\d.])(\d+(?:\.\d+)?)([bm])(?![a-z\d])/i;
/** A number of a version: what begins a name, and the number behind it. */
const VERSION =
  /^([a-z]+(?:[-_ ][a-z]+)*?)[-_ ]?v?(\d+(?:\.\d+)?)(?![\d.]*[bm]\b|\d)/i;

/**
 * Models in the order in which a name that is not in the catalogue may mean them:
 * those of its family first, by how near their sizes are, or else their versions.
 */
export function nearest(
  found: readonly CatalogueEntry[],
  name: string,
): CatalogueEntry[] {
  const own = ownOf(name);
  const asked = sizeIn(own);
  return asked === null ? byVersion(found, own) : bySize(found, own, asked);
}

function bySize(
  found: readonly CatalogueEntry[],
  name: string,
  asked: number,
): CatalogueEntry[] {
  const [first] = found;
  if (!first) return [];
  const named = familyIn(name);
  const kin = found.some(({ id }) => familyIn(ownOf(id)) === named)
    ? named
    : familyIn(ownOf(first.id));
  const off = ({ id }: CatalogueEntry): number => {
    const size = familyIn(ownOf(id)) === kin ? sizeIn(ownOf(id)) : null;
    return size ? Math.abs(Math.log(size / asked)) : Infinity;
  };
  if (!found.some((each) => off(each) === 0)) return sortedBy(found, off);
  const release = releaseIn(name);
  return release === null ? [...found] : sortedBy(
    found,
    (each) =>
      off(each) === 0
        ? Math.abs((releaseIn(ownOf(each.id)) ?? Infinity) - release)
        : Infinity,
  );
}

/** The release that a name ends with, as in `-v0.3`. */
function releaseIn(name: string): number | null {
  const [, number] = /-v(\d+(?:\.\d+)?)$/i.exec(name) ?? [];
  return number === undefined ? null : Number(number);
}

function byVersion(
  found: readonly CatalogueEntry[],
  name: string,
): CatalogueEntry[] {
  const asked = versionIn(name);
  if (!asked) return [...found];
  return sortedBy(found, ({ id }) => {
    const version = versionIn(ownOf(id));
    return version?.stem === asked.stem
      ? Math.abs(version.number - asked.number)
      : Infinity;
  });
}

/** In the order of a number; those of the same stay as they are. */
function sortedBy(
  found: readonly CatalogueEntry[],
  off: (entry: CatalogueEntry) => number,
): CatalogueEntry[] {
  return found.toSorted((one, other) => {
    const [a, b] = [off(one), off(other)];
    return a === b ? 0 : a - b;
  });
}

function versionIn(name: string): { stem: string; number: number } | null {
  const [, stem, number] = VERSION.exec(name) ?? [];
  return stem === undefined
    ? null
    : { stem: squashed(stem), number: Number(number) };
}

function sizeIn(name: string): number | null {
  const [, number, unit = ""] = SIZE.exec(name) ?? [];
  if (number === undefined) return null;
  return Number(number) * (unit.toLowerCase() === "m" ? 1e-3 : 1);
}

/** What a name begins with before its size. */
function familyIn(name: string): string {
  const at = name.search(SIZE);
  return squashed(at < 0 ? name : name.slice(0, at));
}

function squashed(text: string): string {
  return text.toLowerCase().replaceAll(/[-_:\s]+/g, "");
}

function ownOf(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}
