import type { Machine } from "./machine.ts";
import type { Node, Value } from "./values.ts";
import type { StorageId } from "../memory/tape.ts";

/** A tensor whose gradient is asked for though no weight before it trains. */
export interface GraphLeaf {
  readonly node: Node;
  readonly storage: StorageId;
}

/**
 * Makes a leaf of what no gradient has to reach yet; autograd holds it until its
 * gradient has come. Null where gradients pass through it anyway.
 */
export function leafOf(m: Machine, x: Value): GraphLeaf | null {
  if (x.source) return null;
  const node = m.input();
  x.source = { node, slot: 0 };
  m.tape.retain(x.storage);
  return { node, storage: x.storage };
}

/** Lets go of a leaf and its gradient, as the end of the backward pass does. */
export function freeLeaf(m: Machine, { node, storage }: GraphLeaf): void {
  const reached = node.grads[0];
  if (reached) m.free(reached);
  m.tape.release(storage);
}
