import { copiesOf } from "../models/tensors/tensor.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { Group } from "../play/program/buffer.ts";
import type { Inventory, Item } from "./inventory.ts";

/** How much of an item a rank holds. */
export interface Placed {
  /** Where it lies: all of it here, a part of it here, or nothing. */
  readonly owner: "whole" | "shard" | "host";
  /** Of what the optimizer of this rank steps. */
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** Bytes of each piece that lies on the device between steps. */
  readonly pieces: readonly number[];
}

/** Says of each item what a rank holds. */
export type Placement = (item: Item) => Placed;

/** A tensor's rows on a rank. */
export interface Rows {
  /** Elements that the rank holds... */
  readonly elements: number;
  /** ...and those of its shard with padding, the same on all ranks. */
  readonly padded: number;
  readonly shape: readonly number[];
}

/**
 * What torch.chunk gives a rank of a tensor: as many rows as the first ranks have,
 * fewer or none for the last.
 */
export function rowsOf(
  shape: readonly number[],
  ranks: number,
  rank: number,
): Rows {
  const [rows = 1, ...rest] = shape;
  const width = rest.reduce((product, size) => product * size, 1);
  const most = Math.ceil(rows / ranks);
  const own = Math.max(0, Math.min(most, rows - rank * most));
  return {
    elements: own * width,
    padded: most * width,
    shape: [own, ...rest],
  };
}

/** An inventory as a rank holds it. */
export function placedInventory(
  inventory: Inventory,
  placement: Placement,
): Inventory {
  const placed = new Map(
    inventory.items.map((item) => [item, placement(item)] as const),
  );
  const byName = new Map(
    [...placed].map(([item, each]) => [item.tensor.name, each] as const),
  );
  const groups = new Map<string, Group>();
  const items = [...placed].map(([item, { owner, dtype, pieces }]): Item => {
    const label = owner === "shard"
      ? `shards of ${item.group.label}`
      : item.group.label;
    const own = owner === "whole" && dtype === item.dtype
      ? item.group
      : groupOf(groups, item.group, label);
    return { ...item, dtype, pieces, group: own };
  });
  const trained = inventory.trained.flatMap((each) => {
    const { shape, dtype } = byName.get(each.name) ?? each;
    const elements = shape.reduce((product, size) => product * size, 1);
    return elements === 0 ? [] : [{ ...each, shape, dtype, elements }];
  });
  return { ...inventory, items, trained };
}

function groupOf(
  known: Map<string, Group>,
  { part }: Group,
  label: string,
): Group {
  const before = known.get(`${part} ${label}`);
  if (before) return before;
  const made: Group = { part, label, count: 1, elements: null };
  known.set(`${part} ${label}`, made);
  return made;
}

/** Items that a rank holds nothing of are left out. */
export function onDevice(inventory: Inventory): Inventory {
  return {
    ...inventory,
    items: inventory.items.filter(({ pieces }) =>
      pieces.some((bytes) => bytes > 0)
    ),
  };
}

/** How many tensors an item is. */
export const tensorsOf = ({ tensor }: Item): number => copiesOf(tensor);
