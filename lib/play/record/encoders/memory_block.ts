import type { Block } from "../block.ts";
import { blockOf } from "../block.ts";
import type { Dtype } from "../../torch/dtype.ts";
import type { MachineSettings } from "../../torch/machine_settings.ts";
import { Machine } from "../../torch/machine.ts";
import { dropout } from "../../torch/ops/dropout.ts";
import { norm } from "../../torch/ops/norms.ts";
import type { PartName } from "../../../answer/parts.ts";
import type { StackEnds } from "./stack_ends.ts";
import type { Shared } from "./shared.ts";

/** The encoder's end, and what it gives to the decoder's layers. */
export interface MemoryBlock extends Block {
  readonly memory: Shared;
}

const NAME = "gradient of the encoder's output";
const GRADIENT = "gradient of hidden states";

/**
 * Records the encoder's last norm. Its result stands to the end of the forward
 * pass, or as long as the decoder's layers keep it.
 *
 * @param isKept Whether they do.
 */
export function recordMemory(
  settings: MachineSettings,
  { batch, tokens, width, last, lastDropout }: StackEnds,
  given: { dtype: Dtype; needsGrad: boolean; part: PartName },
  isKept: boolean,
): MemoryBlock {
  const m = new Machine(settings);
  m.part = "norm activations";
  const input = m.input();
  const rows = batch * tokens;
  const x = m.external(
    rows * width,
    given.dtype,
    "hidden states",
    given.needsGrad ? { node: input, slot: 0 } : null,
    given.part,
  );
  const out = m.call(() => {
    const normed = last ? norm(m, x, rows, last, "encoder norm") : m.view(x);
    const dropped = dropout(m, normed, lastDropout, "encoder output");
    m.drop(normed);
    return dropped;
  });
  m.drop(x);
  const forward = m.tape.events.length;
  m.endForward();
  if (!isKept) m.drop(out);
  const exit = m.tape.events.length;
  if (isKept) m.drop(out);
  const gradient = out.source && m.external(
    out.elements,
    out.dtype,
    GRADIENT,
    null,
    "activation gradients",
  );
  if (gradient) m.backward(out, gradient);
  const block = blockOf(m, [forward, null, exit], {
    in: x.storage,
    out: null,
    gradIn: input.grads[0]?.storage ?? null,
    gradOut: gradient?.storage ?? null,
    carried: gradient
      ? [{ name: NAME, taken: gradient.storage, given: null }]
      : [],
    outputDtype: out.dtype,
  }, given.part);
  return {
    ...block,
    memory: {
      name: NAME,
      elements: out.elements,
      dtype: out.dtype,
      needsGrad: out.source !== null,
      part: given.part,
      gradient: GRADIENT,
    },
  };
}
