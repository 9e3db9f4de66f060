import type { Block, Carried } from "../block.ts";
import type { Dtype } from "../../torch/dtype.ts";
import { DTYPE_BYTES } from "../../torch/dtype.ts";
import type { Machine } from "../../torch/machine.ts";
import type { Node, Value } from "../../torch/values.ts";
import type { PartName } from "../../../answer/parts.ts";

/** A tensor that all layers of a stack read, whose gradients they sum. */
export interface Shared {
  readonly name: string;
  readonly elements: number;
  readonly dtype: Dtype;
  readonly needsGrad: boolean;
  readonly part: PartName;
  /** What its gradient is called in every block. */
  readonly gradient: string;
}

/** A shared tensor as one block reads it. */
export interface Reading {
  readonly shared: Shared;
  readonly value: Value;
  readonly node: Node;
  /** The sum that later layers' backward passes began. */
  readonly begun: number | null;
}

/**
 * Reads a shared tensor within a block.
 *
 * @param isBegun Whether a block whose backward pass runs before has begun the sum.
 */
export function readShared(
  m: Machine,
  shared: Shared,
  isBegun: boolean,
): Reading {
  const { name, elements, dtype, needsGrad, part, gradient } = shared;
  const node = m.input();
  const source = needsGrad ? { node, slot: 0 } : null;
  const value = m.external(elements, dtype, name, source, part);
  if (!needsGrad || !isBegun || !m.recording) {
    return { shared, value, node, begun: null };
  }
  const storage = m.tape.external(
    elements * DTYPE_BYTES[dtype],
    gradient,
    "activation gradients",
  );
  node.grads[0] = { storage, elements, dtype };
  return { shared, value, node, begun: storage };
}

/**
 * The block with what it does to the sum of a shared tensor's gradients.
 *
 * @param others What else of gradients it hands on.
 */
export function carrying(
  block: Block,
  readings: readonly Reading[],
  others: readonly Carried[] = [],
): Block {
  const { tape } = block.backward;
  const read: Carried[] = readings.map(({ shared, node, begun }) => {
    const { name, gradient } = shared;
    const given = node.grads[0]?.storage ?? null;
    if (given !== null) {
      tape.labels[given] = gradient;
      tape.parts[given] = "activation gradients";
    }
    return { name, taken: begun, given };
  });
  const carried = [...read, ...others];
  return carried.length === 0
    ? block
    : { ...block, ports: { ...block.ports, carried } };
}
