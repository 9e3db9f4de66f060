import { numbersOf } from "../../models/tensors/layer_numbers.ts";
import type { GgufCategory } from "./categories.ts";
import { mayQuantize } from "./categories.ts";
import type { ConvertedTensor } from "./converted_tensor.ts";
import type { FileType } from "./file_types.ts";

/** A layer of a tensor, where the file's order is asked. */
interface Standing {
  readonly at: number;
  readonly name: string;
  readonly layer: number;
}

/** How many of a tensor's category stand before each layer's, and how many do. */
export interface FileRanks {
  readonly of: Map<number, number>;
  readonly count: number;
}

const UNLIKE: ReadonlySet<GgufCategory> = new Set(["attn_v", "ffn_down"]);
const UNLIKE_MIDDLE: ReadonlySet<GgufCategory> = new Set([
  ...UNLIKE,
  "ffn_gate",
  "ffn_up",
]);

/** The categories of which a file's layers may be unlike. */
export function unlikeLayers({ name }: FileType): ReadonlySet<GgufCategory> {
  return name === "IQ3_XS" ? UNLIKE_MIDDLE : UNLIKE;
}

/**
 * Where tensors stand among those of their category in the file, by which
 * llama-quantize counts.
 *
 * @returns One for each tensor; undefined of categories that nobody asks for.
 */
export function ranksInFile(
  converted: readonly ConvertedTensor[],
  categories: readonly GgufCategory[],
  asked: ReadonlySet<GgufCategory>,
): readonly (FileRanks | undefined)[] {
  const ranks: (FileRanks | undefined)[] = converted.map(() => undefined);
  for (const category of asked) {
    const standing: Standing[] = [];
    for (const [at, { name, layers, dimensions }] of converted.entries()) {
      if (
        categories[at] !== category || layers === null ||
        !mayQuantize(name, dimensions)
      ) continue;
      for (const layer of numbersOf(layers)) standing.push({ at, name, layer });
    }
    standing.sort(byFileOrder);
    for (const [rank, { at, layer }] of standing.entries()) {
      const known = ranks[at] ??= { of: new Map(), count: standing.length };
      known.of.set(layer, rank);
    }
  }
  return ranks;
}

/** llama.cpp goes by layers, and within one by names; other stacks by names alone. */
function byFileOrder(a: Standing, b: Standing): number {
  if (a.name.startsWith("blk.") && b.name.startsWith("blk.")) {
    if (a.layer !== b.layer) return a.layer - b.layer;
  }
  const [one, other] = [a, b].map(({ name, layer }) =>
    name.replace(".N.", `.${layer}.`)
  ) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
}
