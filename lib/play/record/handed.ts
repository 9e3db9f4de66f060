import type { PartName } from "../../answer/parts.ts";
import type { Exchange } from "../memory/tape.ts";
import type { Dtype } from "../torch/dtype.ts";
import { DTYPE_BYTES } from "../torch/dtype.ts";
import { Machine } from "../torch/machine.ts";
import { copied } from "../torch/ops/arithmetic.ts";
import type { Block } from "./block.ts";
import { blockOf } from "./block.ts";

/** Hidden states that stages of a pipeline hand on. */
export interface Handed {
  readonly elements: number;
  readonly dtype: Dtype;
  readonly part: PartName;
  /** Whether a stage runs on a copy of what it received; it does not where left out. */
  readonly copies?: boolean;
}

/** A stage sends hidden states on, and their gradient back. */
function handedOn({ elements, dtype }: Handed): Omit<Exchange, "times"> {
  return {
    collective: "send and receive",
    group: "pipeline",
    bytes: elements * DTYPE_BYTES[dtype],
    what: "hidden states on and their gradients back",
  };
}

/**
 * Records what a later stage begins with: the hidden states that it receives, and
 * their gradient, which it sends back.
 *
 * Sources: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/pipeline_parallel/schedules.py, p2p_communication.py; pytorch
 * torch/distributed/pipelining/stage.py, forward_one_chunk; deepspeed
 * deepspeed/runtime/pipe/engine.py, _exec_recv_activations
 */
export function recordReceived(handed: Handed): Block {
  const { elements, dtype, part, copies = false } = handed;
  const m = new Machine();
  m.part = part;
  const received = m.create(elements, dtype, "hidden states");
  const x = copies ? copied(m, received, "hidden states") : received;
  const forward = m.tape.events.length;
  const gradOut = m.external(
    elements,
    dtype,
    "gradient of hidden states",
    null,
    "activation gradients",
  );
  m.tape.exchange(handedOn(handed));
  m.free(gradOut);
  if (copies) m.drop(received);
  return blockOf(m, [forward, null, forward], {
    in: null,
    out: x.storage,
    gradIn: null,
    gradOut: gradOut.storage,
    outputDtype: dtype,
  }, part);
}

/**
 * Records what an earlier stage ends with: the hidden states go once they are sent,
 * though their graph stays, or when their gradient is received.
 *
 * Sources: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/pipeline_parallel/schedules.py, deallocate_output_tensor; pytorch
 * torch/distributed/pipelining/stage.py, backward_one_chunk
 */
export function recordSent(
  handed: Handed,
  until: "they are sent" | "their gradient comes",
): Block {
  const { elements, dtype, part } = handed;
  const m = new Machine();
  const x = m.external(elements, dtype, "hidden states", null, part);
  m.tape.exchange(handedOn(handed));
  if (until === "they are sent") m.drop(x);
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
