import type { Tensor } from "../../models/tensors/tensor.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import { whilePacked } from "../../software/bitsandbytes/packing.ts";
import type { SingleExperts } from "../../software/transformers/single_experts.ts";
import { inOrderOfNames } from "./names.ts";
import type { Highest, TensorTurn } from "./turns.ts";
import { highestOf } from "./turns.ts";

/** A parameter as it is read. */
export interface ReadTensor {
  readonly tensor: Tensor;
  readonly isPacked: boolean;
  /** Whether it is made of single experts. */
  readonly isMerged: boolean;
  readonly elements: number;
  /** Bytes in the type that it is read in. */
  readonly read: number;
  /** Bytes once it is packed, or as it was read. */
  readonly stays: number;
}

const MERGED = "made of single experts";

/**
 * Each tensor is read in its turn, and packed or merged before the next. Single
 * experts stand beside what they are stacked to, and both stacks of a pair beside
 * the one that they become: twice what comes of it. Then transformers goes over all
 * modules for what no checkpoint has, which expands each packed parameter of
 * experts once.
 *
 * Source: huggingface/transformers 5.23.0 modeling_utils.py, initialize_weights;
 * bitsandbytes 0.50.2 nn/parametrize.py, Bnb4bitParametrization
 *
 * @param format One that bitsandbytes packs.
 */
export function oneByOne(
  items: readonly ReadTensor[],
  format: string,
  experts: SingleExperts | null,
): Highest {
  const turns = items.map((each): TensorTurn => {
    const { tensor, isPacked, isMerged, elements, read, stays } = each;
    const merging = isMerged ? 2 * read : 0;
    const packing = isPacked ? whilePacked(format, elements, read, stays) : 0;
    return {
      tensor,
      adds: stays,
      reaches: Math.max(merging, packing, stays),
      doing: merging > packing ? MERGED : "packed",
    };
  });
  const expanded = items.filter(({ isPacked, tensor }) =>
    isPacked && tensor.expert && tensor.shape.length === 3
  ).map(({ tensor, read }): TensorTurn => ({
    tensor,
    adds: 0,
    reaches: read,
    doing: "expanded once",
  }));
  const read = highestOf(inOrderOfNames(turns, experts), 0);
  const looked = highestOf(expanded, wholeOf(items));
  return looked.bytes > read.bytes ? looked : read;
}

/** All has been read when the last experts are merged: as much stands as after. */
export function ahead(items: readonly ReadTensor[]): Highest {
  const turns = items.filter(({ isMerged }) => isMerged).map((
    { tensor, read },
  ): TensorTurn => ({ tensor, adds: 0, reaches: read, doing: MERGED }));
  return highestOf(turns, wholeOf(items));
}

/** Parameter by parameter, what is not packed is cast, and then let go of. */
export function highestCast(items: readonly ReadTensor[]): Highest {
  const turns = items.filter(({ isPacked }) => !isPacked).map((
    { tensor, elements, read },
  ): TensorTurn => {
    const wide = roundedBytes(elements * DTYPE_BYTES.fp32);
    return {
      tensor,
      adds: wide - read,
      reaches: wide > read ? wide : 0,
      doing: "cast to fp32",
    };
  });
  return highestOf(turns, wholeOf(items));
}

function wholeOf(items: readonly ReadTensor[]): number {
  return items.reduce(
    (sum, { tensor, stays }) => sum + copiesOf(tensor) * stays,
    0,
  );
}
