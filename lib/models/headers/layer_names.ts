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

/**
 * Finds the number of the layer in each name: the first number after the name
 * of a stack, or else of a list of four or more. The other numbers stay.
 *
 * @param names Names of one checkpoint's tensors.
 */
export function placeNames(names: readonly string[]): PlacedName[] {
  const lengths = lengthsOfLists(names);
  return names.map((name) => {
    const segments = name.split(".");
    const expertAt = segments.findIndex((segment, at) =>
      NUMBER.test(segment) && EXPERTS.test(segments[at - 1] ?? "")
    );
    const layerAt = layerIn(segments, expertAt, lengths);
    const layer = layerAt === -1 ? null : Number(segments[layerAt]);
    const expert = expertAt === -1 ? null : Number(segments[expertAt]);
    return {
      name: segments
        .map((segment, at) => at === layerAt ? "N" : segment)
        .filter((_, at) => at !== expertAt)
        .join("."),
      layer,
      expert,
    };
  });
}

function layerIn(
  segments: readonly string[],
  expertAt: number,
  lengths: ReadonlyMap<string, number>,
): number {
  const numbers = segments.flatMap((segment, at) =>
    NUMBER.test(segment) && at !== expertAt && at > 0 ? [at] : []
  );
  return numbers.find((at) => STACK.test(segments[at - 1] ?? "")) ??
    numbers.find((at) =>
      (lengths.get(listAt(segments, at)) ?? 0) >= LONG_LIST
    ) ??
    -1;
}

/** How many members each list of the checkpoint has, by where it is. */
function lengthsOfLists(names: readonly string[]): Map<string, number> {
  const members = new Map<string, Set<string>>();
  for (const name of names) {
    const segments = name.split(".");
    for (const [at, segment] of segments.entries()) {
      if (at === 0 || !NUMBER.test(segment)) continue;
      const list = listAt(segments, at);
      const known = members.get(list) ?? new Set();
      members.set(list, known.add(segment));
    }
  }
  return new Map([...members].map(([list, { size }]) => [list, size]));
}

function listAt(segments: readonly string[], at: number): string {
  return segments.slice(0, at).map((segment) =>
    NUMBER.test(segment) ? "N" : segment
  ).join(".");
}
