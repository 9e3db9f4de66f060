import type { Tensor } from "../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../models/tensors/tensor.ts";
import type { LiveTensors } from "../play/readers/live.ts";
import { each } from "../play/readers/live.ts";
import type { PartName } from "../answer/parts.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Stored } from "./storage.ts";

/** How a group of tensors lies, and what it is called. */
interface Group {
  elements: number;
  bytes: number;
}

/**
 * The loaded tensors of a part, a group for each type that they lie in, each
 * piece rounded as the allocator does.
 *
 * @param nameOf What the tensors of a type are called.
 */
export function weightGroups(
  part: PartName,
  tensors: readonly Tensor[],
  storage: (tensor: Tensor) => Pick<Stored, "pieces">,
  nameOf: (tensor: Tensor) => string,
): LiveTensors[] {
  const groups = new Map<string, Group>();
  for (const tensor of tensors) {
    const copies = copiesOf(tensor);
    const bytes = copies *
      storage(tensor).pieces.reduce((sum, size) => sum + roundedBytes(size), 0);
    const name = nameOf(tensor);
    const known = groups.get(name);
    if (known) {
      known.elements += copies * elementsOf(tensor);
      known.bytes += bytes;
    } else groups.set(name, { elements: copies * elementsOf(tensor), bytes });
  }
  return [...groups].map(([label, { elements, bytes }]) => ({
    part,
    label,
    count: 1,
    bytes,
    terms: each(bytes, elements),
  }));
}
