/** What a pattern is read as. */
export type Syntax =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "sequence"; readonly items: readonly Syntax[] }
  | { readonly kind: "choice"; readonly items: readonly Syntax[] }
  | {
    readonly kind: "repeat";
    readonly item: Syntax;
    readonly min: number;
    /** Null for no end. */
    readonly max: number | null;
  }
  | { readonly kind: "edge"; readonly edge: Edge }
  | Look;

/** A condition on what follows, or on what stands before. */
export interface Look {
  readonly kind: "look";
  readonly item: Syntax;
  readonly behind: boolean;
  readonly negated: boolean;
}

/** A place between two characters. */
export type Edge = "start" | "end" | "word edge" | "no word edge";

/** A class of characters that has a letter of its own: digits, words, spaces. */
export type Shorthand = "d" | "w" | "s";

/** Characters of which a pattern takes any one. */
export interface CharacterSet {
  /** Ascending and apart: a pattern may name thousands, for each of its states. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
  readonly shorthands: readonly {
    readonly shorthand: Shorthand;
    readonly negated: boolean;
  }[];
  readonly negated: boolean;
  readonly ignoreCase: boolean;
}

/** The set of one character. */
export function character(code: number, ignoreCase = false): Syntax {
  return setOf([[code, code]], { ignoreCase });
}

/** A set of ranges, in any order. */
export function setOf(
  ranges: CharacterSet["ranges"],
  { negated = false, ignoreCase = false, shorthands = [] }:
    & Partial<Pick<CharacterSet, "negated" | "ignoreCase">>
    & { shorthands?: CharacterSet["shorthands"] } = {},
): Syntax {
  return {
    kind: "set",
    set: { ranges: apart(ranges), shorthands, negated, ignoreCase },
  };
}

/** Ranges in order, those that overlap as one. */
function apart(ranges: CharacterSet["ranges"]): CharacterSet["ranges"] {
  const joined: [from: number, to: number][] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Items one after another. */
export function sequence(items: readonly Syntax[]): Syntax {
  const [only] = items;
  return items.length === 1 && only ? only : { kind: "sequence", items };
}
