import { DTYPE_BYTES } from "../../dtype.ts";
import type { Machine } from "../../machine.ts";
import type { Grad, Value } from "../../values.ts";

/** Elements of a delta rule's tensors of all chunks, and of one state. */
export interface ChunkedRule {
  readonly chunks: number;
  readonly keys: number;
  readonly values: number;
  readonly products: number;
  readonly state: number;
}

/** What the chunks read, of all of them. */
export interface ChunkedInputs {
  readonly fresh: Value;
  readonly read: Value;
  readonly asked: Value;
  readonly written: Value;
  readonly inner: Value;
}

/** States that stand at once within a chunk, forward and backward. */
const [FORWARD, BACKWARD] = [2, 3];

/**
 * Chunk after chunk, each with a state from the one before: what they keep stands
 * together, so that all are one operation here, however many they are.
 *
 * Source: huggingface/transformers 5.24.0 models/qwen3_5/modeling_qwen3_5.py,
 * torch_chunk_gated_delta_rule, its second phase; pytorch
 * torch/csrc/autograd/functions/tensor.cpp, CopySlices, which copies the output's
 * gradient for every chunk
 */
export function runThroughChunks(
  m: Machine,
  { fresh, read, asked, written, inner }: ChunkedInputs,
  { chunks, values, state }: ChunkedRule,
): Value {
  const { dtype } = fresh;
  const bytes = (elements: number) => elements * DTYPE_BYTES[dtype];
  return m.call(() => {
    const out = m.create(values, dtype, "delta rule's output");
    const inputs = [fresh, read, asked, written, inner];
    if (!m.needsGrad(...inputs)) {
      const passing = bytes(FORWARD * state);
      m.temporary(passing, "states within a chunk", () => {}, m.part);
      return out;
    }
    const states = m.create(
      Math.max(1, chunks - 1) * state,
      dtype,
      "states before each chunk",
    );
    const products = m.autocast
      ? narrowSides(m, [read, asked, written, inner], values, states.elements)
      : [
        ...[read, asked, written, inner].map((each) => m.view(each)),
        m.create(values, dtype, "values of each chunk"),
      ];
    const passing = bytes(FORWARD * state);
    m.temporary(passing, "states within a chunk", () => {}, m.part);
    const node = m.record(
      inputs,
      [...products, states],
      () => {
        const own = (elements: number, label: string): Grad =>
          m.grad(null, elements, dtype, label);
        const copy = own(values, "gradient of the output, again");
        // A chunk's gradient of what all chunks read is as large as that.
        const given = [inner, asked, read, fresh, written].map((each) =>
          each.source &&
          m.grad(each.source, each.elements, dtype, "gradient of all chunks")
        );
        m.temporary(
          bytes(values + BACKWARD * state),
          "gradients within a chunk",
          () => {},
        );
        m.free(copy);
        const [dInner, dAsked, dRead, dFresh, dWritten] = given;
        return [dFresh, dRead, dAsked, dWritten, dInner].map((each) =>
          each ?? null
        );
      },
    );
    m.drop(...products, states);
    out.source = node && { node, slot: 0 };
    return out;
  });
}

/** What products save under autocast: every side of each, in its type. */
function narrowSides(
  m: Machine,
  sides: readonly Value[],
  values: number,
  states: number,
): Value[] {
  const to = m.autocast ?? "fp32";
  // New values and the states before them are read by two products each.
  const counts = [
    ...sides.map(({ elements }) => elements),
    values,
    values,
    states,
    states,
  ];
  return counts.map((count) =>
    m.create(count, to, "sides of chunks' products in autocast's type")
  );
}
