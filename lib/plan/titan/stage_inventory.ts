import { rangesOfNumbers } from "../../models/tensors/layer_numbers.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import type { Inventory } from "../inventory.ts";

/** What a rank has of a model. */
export interface Owned {
  /** Numbers of its layers, in order. */
  readonly layers: readonly number[];
  /** Whether it has the embeddings, and the last norm with the head. */
  readonly first: boolean;
  readonly last: boolean;
  /** How many copies of the buffers: one for each of its stages. */
  readonly copies: number;
}

/** The inventory of a rank's stages, whose layers are counted anew. */
export function stageInventory(
  { items, beside, trained }: Inventory,
  owned: Owned,
): Inventory {
  const own = items.flatMap((item) => {
    const tensor = stageTensor(item.tensor, owned);
    return tensor ? [{ ...item, tensor }] : [];
  });
  const copies = new Map(
    own.map(({ tensor }) => [tensor.name, copiesOf(tensor)]),
  );
  return {
    items: own,
    beside: Array.from({ length: owned.copies }, () => beside).flat(),
    trained: trained.flatMap((each) => {
      const count = copies.get(each.name);
      return count ? [{ ...each, copies: count }] : [];
    }),
  };
}

function stageTensor(tensor: Tensor, owned: Owned): Tensor | null {
  const { layers, role } = tensor;
  if (layers === null) {
    return (role === "embedding" ? owned.first : owned.last) ? tensor : null;
  }
  const has = (layer: number) =>
    layers.some(([from, to, step]) =>
      layer >= from && layer < to && (layer - from) % step === 0
    );
  const own = owned.layers.flatMap((layer, at) => has(layer) ? [at] : []);
  return own.length === 0 ? null : { ...tensor, layers: rangesOfNumbers(own) };
}
