import type { Dtype } from "../torch/dtype.ts";
import { DTYPE_BYTES } from "../torch/dtype.ts";
import { Machine } from "../torch/machine.ts";
import type { MachineSettings } from "../torch/machine_settings.ts";
import type { Grad, Node, Value } from "../torch/values.ts";
import type { PartName } from "../../answer/parts.ts";
import type { Block } from "./block.ts";
import { blockOf } from "./block.ts";

const PART: PartName = "vision activations";
const GRADIENT = "gradient of image features";

/** Features that a piece of the tower hands to a layer of the decoder. */
export interface HandedFeatures {
  readonly name: string;
  readonly elements: number;
  readonly dtype: Dtype;
  readonly needsGrad: boolean;
}

/** Hidden states that a piece of the tower reads and leaves as they are. */
export interface Passing {
  readonly elements: number;
  readonly dtype: Dtype;
  readonly needsGrad: boolean;
  /** How long features stand: the forward pass where it is left out. */
  readonly until?: "stack" | "forward" | "backward";
  /** Whether nothing reads the hidden states behind it. */
  readonly isLast?: boolean;
}

/**
 * Records what makes features of hidden states that pass it by. They stand to the
 * end of the forward pass; their gradient comes from a layer of the decoder, whether
 * or not one comes for the hidden states.
 */
export function recordHanding(
  settings: MachineSettings,
  name: string,
  { elements, dtype, needsGrad, until = "forward", isLast = false }: Passing,
  run: (m: Machine, x: Value) => Value,
): { readonly block: Block; readonly handed: HandedFeatures } {
  const m = new Machine(settings);
  m.part = PART;
  const input = m.input();
  const source = needsGrad ? { node: input, slot: 0 } : null;
  const x = m.external(elements, dtype, "hidden states", source, PART);
  const features = run(m, x);
  const out = isLast ? null : m.view(x);
  m.drop(x);
  const forward = m.tape.events.length;
  if (until === "stack") m.drop(features);
  const done = m.tape.events.length;
  m.endForward();
  if (until === "forward") m.drop(features);
  const exit = m.tape.events.length;
  if (until === "backward") m.drop(features);
  const external = (each: Value, label: string): Grad => ({
    storage: m.tape.external(
      each.elements * DTYPE_BYTES[each.dtype],
      label,
      "activation gradients",
    ),
    elements: each.elements,
    dtype: each.dtype,
  });
  const gradOut = needsGrad && out
    ? external(out, "gradient of hidden states")
    : null;
  const gradient = features.source ? external(features, GRADIENT) : null;
  if (gradOut || gradient) {
    m.backwardOfAll([
      ...out ? [[out, gradOut] as const] : [],
      [features, gradient],
    ]);
  }
  const block = blockOf(m, [forward, until === "stack" ? done : null, exit], {
    in: x.storage,
    out: out?.storage ?? null,
    gradIn: input.grads[0]?.storage ?? null,
    gradOut: gradOut?.storage ?? null,
    carried: gradient ? [{ name, taken: gradient.storage, given: null }] : [],
    outputDtype: dtype,
  }, PART);
  return {
    block,
    handed: {
      name,
      elements: features.elements,
      dtype: features.dtype,
      needsGrad: gradient !== null,
    },
  };
}

/** Features as a block of the decoder reads them. */
export interface ReadFeatures {
  readonly handed: HandedFeatures;
  readonly value: Value;
  readonly node: Node;
}

/** Reads features in a block of the decoder. */
export function readFeatures(m: Machine, handed: HandedFeatures): ReadFeatures {
  const { name, elements, dtype, needsGrad } = handed;
  const node = m.input();
  const source = needsGrad ? { node, slot: 0 } : null;
  const value = m.external(elements, dtype, name, source, PART);
  // The block that made them frees them.
  value.held = false;
  return { handed, value, node };
}

/** A block of the decoder with the gradient of the features that it read. */
export function readingFeatures(
  block: Block,
  { handed: { name }, node }: ReadFeatures,
): Block {
  const given = node.grads[0]?.storage ?? null;
  if (given === null) return block;
  const { tape } = block.backward;
  tape.labels[given] = GRADIENT;
  tape.parts[given] = "activation gradients";
  const { ports } = block;
  const carried = [...ports.carried, { name, taken: null, given }];
  return { ...block, ports: { ...ports, carried } };
}
