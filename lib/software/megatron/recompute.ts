import type { Machine } from "../../play/torch/machine.ts";
import type { Again, Node, Value } from "../../play/torch/values.ts";

/**
 * Runs a part of a layer so that it keeps its inputs alone, and again in the
 * backward pass.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/tensor_parallel/random.py,
 * CheckpointFunction
 */
export function recomputed(
  m: Machine,
  inputs: readonly Value[],
  body: (...inputs: Value[]) => Value,
): Value {
  // Where no input needs a gradient nothing inside is given one.
  if (!m.recording) return body(...inputs);
  const out = unrecorded(m, () => body(...inputs));
  const node = m.record(inputs, inputs, ([grad]) => {
    const { leaves, copies } = detached(m, inputs);
    const { outs, backward } = m.again(() => [body(...copies)]);
    if (grad) backward([m.share(grad)]);
    m.drop(...outs, ...copies);
    return leaves.map((leaf) => leaf?.grads[0] ?? null);
  });
  out.source = node && { node, slot: 0 };
  return out;
}

/** A part of a layer whose outputs are given up once their reader has run. */
export interface Discardable {
  readonly outs: readonly Value[];
  /**
   * Frees the outputs, which come back when the gradient of a later tensor does.
   *
   * @returns The later tensor; the one that is handed over is dropped.
   */
  discard(later: Value): Value;
}

/**
 * Runs a part of a layer that keeps its inputs, and whose outputs the next part
 * saves without their memory: they come back when the gradient of a later tensor
 * comes, for a while in two copies.
 *
 * Source: megatron/core/tensor_parallel/random.py, CheckpointWithoutOutput
 */
export function discarding(
  m: Machine,
  inputs: readonly Value[],
  body: (...inputs: Value[]) => readonly Value[],
): Discardable {
  if (!m.needsGrad(...inputs)) {
    return { outs: body(...inputs), discard: (later) => later };
  }
  m.recording = false;
  const outs = body(...inputs);
  m.recording = true;
  let again: Again | null = null;
  let leaves: readonly (Node | null)[] = [];
  let copies: readonly Value[] = [];
  const node = m.record(inputs, inputs, (grads) => {
    if (again === null) throw new RangeError("its outputs were never given up");
    again.backward(grads.map((grad) => grad && m.share(grad)));
    m.drop(...again.outs, ...copies);
    return leaves.map((leaf) => leaf?.grads[0] ?? null);
  }, outs.length);
  for (const [slot, out] of outs.entries()) {
    out.source = node && { node, slot };
  }
  return {
    outs,
    discard(later) {
      for (const { storage } of outs) m.tape.discard(storage);
      const hook = m.record([later], [], ([grad]) => {
        ({ leaves, copies } = detached(m, inputs));
        again = m.again(() => body(...copies));
        for (const { storage } of outs) m.tape.restore(storage);
        return [grad ? m.share(grad) : null];
      });
      const hooked = m.view(later, { source: hook && { node: hook, slot: 0 } });
      m.drop(later);
      return hooked;
    },
  };
}

/** Runs code of which autograd remembers nothing. */
function unrecorded(m: Machine, body: () => Value): Value {
  m.recording = false;
  const out = body();
  m.recording = true;
  return out;
}

/** The same tensors as leaves of a graph of their own. */
function detached(m: Machine, inputs: readonly Value[]) {
  const leaves = inputs.map(({ source }) => source && m.input());
  const copies = inputs.map((input, at) => {
    const node = leaves[at];
    return m.keep(m.view(input, { source: node ? { node, slot: 0 } : null }));
  });
  return { leaves, copies };
}
