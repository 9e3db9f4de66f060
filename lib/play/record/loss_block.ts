import type { Block } from "./block.ts";
import { blockOf, segmentOf } from "./block.ts";
import type { Segment } from "./block.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { Machine, MachineSettings, Value } from "../torch/machine.ts";
import type { PartName } from "../../answer/parts.ts";

/** The end of a step's forward pass: its loss, and the backward pass's begin. */
export interface HeadBlock extends Block {
  /** What of it runs before the model's body ends: its last norm. */
  readonly body: Segment;
  /** What is freed when the caller drops the logits. */
  readonly dropped: Segment;
}

/** The hidden states that a head is given. */
export interface HeadInput {
  readonly dtype: Dtype;
  readonly needsGrad: boolean;
  /** What they count as, everywhere in the pass. */
  readonly part: PartName;
}

/** Hidden states that the stack before has made, and where their gradient goes. */
export interface Taken {
  readonly input: ReturnType<Machine["input"]>;
  readonly x: Value;
}

/** Takes over so many elements of hidden states. */
export function takeHidden(
  m: Machine,
  elements: number,
  { dtype, needsGrad, part }: HeadInput,
): Taken {
  const input = m.input();
  const source = needsGrad ? { node: input, slot: 0 } : null;
  return {
    input,
    x: m.external(elements, dtype, "hidden states", source, part),
  };
}

/** What a head has recorded of its forward pass. */
export interface Ended {
  /** Where on the tape the model's body had ended. */
  readonly body: number;
  readonly loss: Value;
  /** Values that the loss was summed from, held as long as it. */
  readonly terms: readonly Value[];
  readonly logits: readonly Value[];
  /** Whether the caller holds the logits through the backward pass. */
  readonly keepsLogits: boolean;
}

/** Records what follows a head's forward pass, and cuts its block. */
export function lossBlock(
  m: Machine,
  { awaited }: Pick<MachineSettings, "awaited">,
  { input, x }: Taken,
  { body, loss, terms, logits, keepsLogits }: Ended,
  { dtype, part }: HeadInput,
): HeadBlock {
  const forward = m.tape.events.length;
  m.endForward();
  const exit = m.tape.events.length;
  if (!keepsLogits) m.drop(...logits);
  const dropped = m.tape.events.length;
  m.backward(loss, m.grad(null, 1, "fp32", "gradient of the loss"));
  m.drop(...logits);
  m.drop(...terms, loss);
  return {
    ...blockOf(m, [forward, null, exit], {
      input: x.storage,
      output: null,
      gradIn: input.grads[0]?.storage ?? null,
      gradOut: null,
      tiedGrad: awaited ? m.waitingFor(awaited)?.storage ?? null : null,
      outputDtype: dtype,
    }, part),
    body: segmentOf(m.tape, 0, body),
    forward: segmentOf(m.tape, body, forward),
    dropped: segmentOf(m.tape, exit, dropped),
    backward: segmentOf(m.tape, dropped, m.tape.events.length),
  };
}
