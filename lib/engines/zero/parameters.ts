import type { Item } from "../../plan/inventory.ts";
import { stacksOf } from "../../plan/stacks.ts";
import { copiesOf, elementsOf } from "../../models/tensors/tensor.ts";

/** Elements of each parameter, in the order of modules: a stack layer by layer. */
export function elementsInOrder(items: readonly Item[]): number[] {
  const stacks = new Map(
    stacksOf(items.map(({ tensor }) => tensor)).map((stack) =>
      [stack.path, stack] as const
    ),
  );
  const seen = new Set<string>();
  return items.flatMap(({ tensor }): number[] => {
    const at = tensor.layers === null ? -1 : tensor.name.indexOf(".N.");
    const path = tensor.name.slice(0, Math.max(0, at));
    const stack = at < 0 ? undefined : stacks.get(path);
    if (!stack) {
      return Array.from({ length: copiesOf(tensor) }, () => elementsOf(tensor));
    }
    if (seen.has(path)) return [];
    seen.add(path);
    return stack.layers.flatMap(({ tensors }) =>
      [...tensors.values()].map(elementsOf)
    );
  });
}

/** What a rank has of a flat buffer. */
export interface Partition {
  /** Elements of each rank's. */
  readonly size: number;
  /** Its place, from 0. */
  readonly rank: number;
  /** Elements of each parameter's part in it. */
  readonly parts: readonly number[];
  /** Elements of all parameters that lie in it with a part at least. */
  readonly touched: number;
  /** Elements of padding at its end. */
  readonly padding: number;
}

/** Flat buffers are padded to so many elements of each rank. */
const ALIGNMENT = 2;

/**
 * Deals a flat buffer out among ranks.
 *
 * Source: deepspeed/runtime/zero/stage_1_and_2.py, flatten_dense_tensors_aligned,
 * get_partition_info, _round_robin_reorder
 */
export function partitionsOf(
  elements: readonly number[],
  ranks: number,
  roundRobin: boolean,
): Partition[] {
  const dealt = roundRobin
    ? Array.from(
      { length: ranks },
      (_, rank) => elements.filter((_, at) => at % ranks === rank),
    ).flat()
    : elements;
  const total = dealt.reduce((sum, each) => sum + each, 0);
  const size = Math.ceil(total / (ALIGNMENT * ranks)) * ALIGNMENT;
  const all = Array.from({ length: ranks }, (_, rank) => ({
    size,
    rank,
    parts: [] as number[],
    touched: 0,
    padding: Math.min(size, Math.max(0, size * (rank + 1) - total)),
  }));
  let from = 0;
  for (const each of dealt) {
    for (let at = from; at < from + each;) {
      const rank = Math.floor(at / size);
      const end = Math.min(from + each, size * (rank + 1));
      const own = all[rank] as typeof all[number];
      own.parts.push(end - at);
      own.touched += each;
      at = end;
    }
    from += each;
  }
  return all;
}
