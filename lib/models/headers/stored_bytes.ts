import { elementsOf } from "../tensors/tensor.ts";
import { dtypeBits } from "./dtype_bits.ts";
import type { HeaderTensor } from "./header_tensor.ts";

/** Most cuts that a name's end is looked for in. */
const MAX_CUTS = 6;

/** Bytes of a tensor on disk; 0 for a type of unknown width. */
export function headerBytes({ dtype, shape }: HeaderTensor): number {
  return Math.ceil(elementsOf({ shape }) * (dtypeBits(dtype) ?? 0) / 8);
}

/**
 * The bytes of what stands beside packed tensors, by the tensor: scales, zeros,
 * orders.
 *
 * @param beside What is kept beside others.
 * @param names The tensors' names, as the model has them.
 */
export function besideBytes(
  beside: Iterable<HeaderTensor>,
  names: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const tensor of beside) {
    const owner = ownerOf(tensor.name, names);
    if (owner === null) continue;
    bytes.set(owner, (bytes.get(owner) ?? 0) + headerBytes(tensor));
  }
  return bytes;
}

/** The tensor that a name goes on from: "q_proj.weight" of "q_proj.qzeros". */
function ownerOf(name: string, names: ReadonlySet<string>): string | null {
  let begin = name;
  for (let cut = 0; cut < MAX_CUTS; cut++) {
    const at = Math.max(begin.lastIndexOf("."), begin.lastIndexOf("_"));
    if (at <= 0) return null;
    begin = begin.slice(0, at);
    if (names.has(begin)) return begin;
    if (names.has(`${begin}.weight`)) return `${begin}.weight`;
  }
  return null;
}
