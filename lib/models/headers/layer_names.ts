import { MAX_KINDS } from "../tensors/limits.ts";
import { numbersOut } from "./numbers_out.ts";
import { TooManyKinds } from "./too_many_kinds.ts";

/** A name with N for its layer's number, and E left out for an expert's. */
export interface PlacedName {
  name: string;
  /** The number of the layer; null where there is none. */
  layer: number | null;
  /** The number of the expert, where experts are stored one by one. */
  expert: number | null;
}

/** What stacks of layers are called. */
const STACK =
  /^(layers?|h|blk|blocks?|resblocks|stages?|\w+_(layers|blocks|list))$/;
/** What lists of routed experts are called; shared ones are no list. */
const EXPERTS = /^((local|routed|deepspeed)_)?experts$/;
/** A list that is called none of these is a stack when it is this long. */
const LONG_LIST = 4;
const NUMBER = /^\d{1,9}$/;

/** A list of modules: how many members it has, as far as that matters. */
interface List {
  /** At most as many as make it a long one. */
  readonly members: Set<string>;
}

/** Names that differ in their numbers only. */
interface Kind {
  readonly segments: readonly string[];
  /** Which segments are numbers, and the list that each counts but a first. */
  readonly numbers: readonly {
    readonly at: number;
    readonly list: List | null;
  }[];
  place: Place | null;
}

/** Which of a name's numbers are the layer's and the expert's; -1 for none. */
interface Place {
  readonly layer: number;
  readonly expert: number;
  /** The name of all of the kind; null where other numbers are in it. */
  readonly name: string | null;
}

/**
 * Finds the number of the layer in each name: the first number after the name
 * of a stack, or else of a list of four or more. The other numbers stay.
 *
 * @param names Names of one checkpoint's tensors.
 * @throws {TooManyKinds} When they are of more kinds than any model has.
 */
export function placeNames(names: readonly string[]): PlacedName[] {
  const kinds = new Map<string, Kind>();
  const lists = new ListTree();
  const read = names.map((name) => {
    const { plain, numbers } = numbersOut(name);
    let kind = kinds.get(plain);
    if (kind === undefined) {
      kind = kindOf(plain, lists);
      kinds.set(plain, kind);
      if (kinds.size > MAX_KINDS) throw new TooManyKinds("numbers aside");
    }
    for (const [nth, { list }] of kind.numbers.entries()) {
      if (list === null || list.members.size >= LONG_LIST) continue;
      list.members.add(numbers[nth] ?? "");
    }
    return { numbers, kind };
  });
  return read.map(({ numbers, kind }) => {
    kind.place ??= placeOf(kind);
    const { layer, expert, name } = kind.place;
    return {
      name: name ?? nameOf(kind, kind.place, numbers),
      layer: layer === -1 ? null : Number(numbers[layer]),
      expert: expert === -1 ? null : Number(numbers[expert]),
    };
  });
}

function kindOf(plain: string, tree: ListTree): Kind {
  const segments = plain.split(".");
  return { segments, numbers: tree.numbersOf(segments), place: null };
}

/** Where a kind's layer and expert stand. */
function placeOf(kind: Kind): Place {
  const { segments, numbers } = kind;
  const before = (at: number): string => segments[at - 1] ?? "";
  const expert = numbers.findIndex(({ at }) => EXPERTS.test(before(at)));
  const isLayer = (
    nth: number,
    test: (at: number, list: List) => boolean,
  ): boolean => {
    const { at = 0, list = null } = numbers[nth] ?? {};
    return nth !== expert && list !== null && test(at, list);
  };
  const find = (test: (at: number, list: List) => boolean): number =>
    numbers.findIndex((_, nth) => isLayer(nth, test));
  const named = find((at) => STACK.test(before(at)));
  const layer = named !== -1
    ? named
    : find((_, { members }) => members.size >= LONG_LIST);
  const placed = Number(layer !== -1) + Number(expert !== -1);
  const place = { layer, expert, name: null };
  return numbers.length === placed
    ? { ...place, name: nameOf(kind, place, []) }
    : place;
}

/** A name with N for its layer, without its expert; its other numbers stay. */
function nameOf(
  { segments, numbers }: Kind,
  { layer, expert }: Place,
  stated: readonly string[],
): string {
  const written: (string | null)[] = [...segments];
  for (const [nth, { at }] of numbers.entries()) {
    written[at] = nth === layer
      ? "N"
      : nth === expert
      ? null
      : stated[nth] ?? "";
  }
  return written.filter((segment) => segment !== null).join(".");
}

/** The lists of a checkpoint, by where they are, their own numbers aside. */
class ListTree {
  readonly #children = new Map<string, ListTree>();
  readonly #list: List = { members: new Set() };

  /** The numbers of a name, and their lists. */
  numbersOf(segments: readonly string[]): Kind["numbers"] {
    const found: { at: number; list: List | null }[] = [];
    // deno-lint-ignore no-this-alias
    let here: ListTree = this;
    for (const [at, segment] of segments.entries()) {
      if (NUMBER.test(segment)) {
        found.push({ at, list: at === 0 ? null : here.#list });
      }
      const next = here.#children.get(segment) ?? new ListTree();
      here.#children.set(segment, next);
      here = next;
    }
    return found;
  }
}
