import type { Tensor } from "../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../models/tensors/tensor.ts";
import type { Trained } from "../optimizers/rule.ts";
import type { PartName } from "../answer/parts.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Buffer, Group } from "../play/program/buffer.ts";
import { bufferOf } from "../play/program/buffer.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import { stacksOf } from "./stacks.ts";
import type { Storage } from "./storage.ts";

/** A parameter that lives on a rank, and as what. */
export interface Item {
  readonly tensor: Tensor;
  readonly isAdapter: boolean;
  readonly dtype: Dtype;
  readonly trains: boolean;
  /** Bytes of each piece that it is stored in: the matrix, its scales, ... */
  readonly pieces: readonly number[];
  /** What it counts as in an answer. */
  readonly group: Group;
}

/** All that lives on a rank between steps, but the optimizer's states. */
export interface Inventory {
  /** The model's parameters, then the adapters'. */
  readonly items: readonly Item[];
  /** What stands beside parameters: buffers, and what the batch holds. */
  readonly beside: readonly Buffer[];
  /** What the optimizer steps. */
  readonly trained: readonly Trained[];
}

/** A tensor as it is stored, and what it is called. */
interface Stored {
  readonly dtype: Dtype;
  readonly trains: boolean;
  readonly pieces: readonly number[];
  readonly label: string;
}

/** The parameters of a part, a group for each name that they have. */
export function itemsOf(
  part: PartName,
  tensors: readonly Tensor[],
  storedOf: (tensor: Tensor) => Stored,
): Item[] {
  const stored = tensors.map((tensor) => ({ tensor, ...storedOf(tensor) }));
  const elements = new Map<string, number>();
  for (const { tensor, label } of stored) {
    const more = copiesOf(tensor) * elementsOf(tensor);
    elements.set(label, (elements.get(label) ?? 0) + more);
  }
  const groups = new Map<string, Group>(
    [...elements].map(([label, count]) => [
      label,
      { part, label, count: 1, elements: count },
    ]),
  );
  return stored.map(({ label, ...item }) => ({
    ...item,
    isAdapter: part === "adapters",
    group: groups.get(label) as Group,
  }));
}

/** The items of a model's tensors. */
export function weightItems(
  tensors: readonly Tensor[],
  storage: Storage,
  packedFormat: string,
): Item[] {
  return itemsOf("weights", tensors, (tensor) => {
    const { dtype, trains, packed, pieces } = storage(tensor);
    const label = `parameters in ${packed ? packedFormat : dtype}`;
    return { dtype, trains, pieces, label };
  });
}

/** The items of adapters. */
export function adapterItems(
  adapters: readonly Tensor[],
  dtypeOf: (tensor: Tensor) => Dtype,
): Item[] {
  return itemsOf("adapters", adapters, (tensor) => {
    const dtype = dtypeOf(tensor);
    return {
      dtype,
      trains: true,
      pieces: [elementsOf(tensor) * DTYPE_BYTES[dtype]],
      label: `parameters of adapters in ${dtype}`,
    };
  });
}

/** An item as the optimizer sees it. */
export function trainedItem({ tensor, isAdapter, dtype }: Item): Trained {
  return {
    name: tensor.name,
    shape: tensor.shape,
    elements: elementsOf(tensor),
    dtype,
    copies: copiesOf(tensor),
    embedding: !isAdapter && tensor.module === "embedding",
    hidden: isAdapter || (tensor.layers !== null && tensor.shape.length === 2),
  };
}

/** What is loaded, in the order of modules, and the layer that it is of. */
export interface Loaded {
  readonly buffer: Buffer;
  readonly layer: number | null;
}

/** Items in the order in which they are loaded: a stack layer by layer. */
export function loadOrder({ items }: Pick<Inventory, "items">): Loaded[] {
  const known = new Map(items.map((item) => [item.tensor, item]));
  const bufferOfAll = (name: string, tensors: Iterable<Tensor>): Buffer =>
    bufferOf(
      name,
      [...tensors].flatMap((tensor) => {
        const { pieces, group } = known.get(tensor) as Item;
        return pieces.map((bytes) => ({ group, bytes: roundedBytes(bytes) }));
      }),
    );
  const weights = items.filter(({ isAdapter }) => !isAdapter);
  const stacks = new Map(
    stacksOf(weights.map(({ tensor }) => tensor)).map((stack) =>
      [stack.path, stack] as const
    ),
  );
  const loaded = weights.flatMap(({ tensor }): Loaded[] => {
    if (tensor.layers === null) {
      return [{ buffer: bufferOfAll(tensor.name, [tensor]), layer: null }];
    }
    const [path = ""] = tensor.name.split(".N.");
    const { layers = [], kinds = [] } = stacks.get(path) ?? {};
    stacks.delete(path);
    const buffers = new Map(
      kinds.map((
        kind,
      ) => [kind, bufferOfAll(`${path}.N`, kind.tensors.values())]),
    );
    return layers.map((kind, layer) => ({
      buffer: buffers.get(kind) as Buffer,
      layer,
    }));
  });
  const adapters = items.filter(({ isAdapter }) => isAdapter).map(
    ({ tensor, pieces, group }): Loaded => ({
      buffer: bufferOf(
        tensor.name,
        pieces.map((bytes) => ({ group, bytes: roundedBytes(bytes) })),
        copiesOf(tensor),
      ),
      layer: null,
    }),
  );
  return [...loaded, ...adapters];
}
