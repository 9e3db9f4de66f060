import type { PartName } from "../../answer/parts.ts";
import type { Block } from "../../play/record/block.ts";
import { blockOf } from "../../play/record/block.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { Machine } from "../../play/torch/machine.ts";

/** Hidden states that stages of a pipeline hand on. */
export interface HandedOn {
  readonly elements: number;
  readonly dtype: Dtype;
  readonly part: PartName;
}

/**
 * Records what a later stage begins with: hidden states in a buffer that stands, and
 * their gradient, which it gives back.
 *
 * Source: pytorch torch/distributed/pipelining/stage.py, forward_one_chunk
 */
export function recordReceived({ elements, dtype, part }: HandedOn): Block {
  const m = new Machine();
  m.part = part;
  const x = m.create(elements, dtype, "hidden states");
  const forward = m.tape.events.length;
  const gradOut = m.external(
    elements,
    dtype,
    "gradient of hidden states",
    null,
    "activation gradients",
  );
  m.drop(gradOut);
  return blockOf(m, [forward, null, forward], {
    in: null,
    out: x.storage,
    gradIn: null,
    gradOut: gradOut.storage,
    outputDtype: dtype,
  }, part);
}

/**
 * Records what an earlier stage ends with: its output, which stays until its
 * gradient comes.
 *
 * Source: pytorch torch/distributed/pipelining/stage.py, backward_one_chunk
 */
export function recordHanded({ elements, dtype, part }: HandedOn): Block {
  const m = new Machine();
  const x = m.external(elements, dtype, "hidden states", null, part);
  const forward = m.tape.events.length;
  m.drop(x);
  const grad = m.grad(null, elements, dtype, "gradient of hidden states");
  return blockOf(m, [forward, null, forward], {
    in: x.storage,
    out: null,
    gradIn: grad.storage,
    gradOut: null,
    outputDtype: dtype,
  }, part);
}
