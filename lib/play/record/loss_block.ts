import type { Block } from "./block.ts";
import { blockOf, segmentOf } from "./block.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { Machine } from "../torch/machine.ts";
import type { MachineSettings } from "../torch/machine_settings.ts";
import type { Value } from "../torch/values.ts";
import type { PartName } from "../../answer/parts.ts";

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

/** A loss, and what its caller still holds. */
export interface Scored {
  readonly loss: Value | null;
  /** Values that the loss was summed from, held as long as it. */
  readonly terms: readonly Value[];
  /**
   * What the caller does with the logits at the end of its own function: the loss
   * is what it gives, where there is none yet.
   */
  readonly ends?: () => Value | void;
}

/** What a head has recorded of its forward pass. */
export interface Ended {
  /** Where on the tape the model's body had ended. */
  readonly body: number;
  readonly logits: readonly Value[];
  /** The loss; what takes it once the model's forward pass is over runs here. */
  readonly scored: () => Scored;
  /** Whether the caller holds the logits through the backward pass. */
  readonly keepsLogits: boolean;
}

/**
 * The name under which a matrix's gradient goes on from the head that began it to
 * the embeddings that are tied to it.
 */
export const TABLE_GRADIENT = "gradient of the embeddings";

/** Records what follows a head's forward pass, and cuts its block. */
export function lossBlock(
  m: Machine,
  { awaited }: Pick<MachineSettings, "awaited">,
  { input, x }: Taken,
  { body, logits, keepsLogits, scored: scoredBy }: Ended,
  { dtype, part }: HeadInput,
): Block {
  const forward = m.tape.events.length;
  m.endForward();
  const exit = m.tape.events.length;
  const { loss: early, terms, ends } = scoredBy();
  const scored = m.tape.events.length;
  const loss = early ?? ends?.() ?? m.create(1, "fp32", "loss");
  if (early) ends?.();
  if (!keepsLogits || !m.recording) m.drop(...logits);
  if (!m.recording) m.drop(...terms, loss);
  const dropped = m.tape.events.length;
  if (m.recording) {
    m.backward(loss, m.grad(null, 1, "fp32", "gradient of the loss"));
  }
  m.drop(...logits);
  m.drop(...terms, loss);
  const given = awaited ? m.waitingFor(awaited)?.storage : undefined;
  return {
    ...blockOf(m, [forward, null, exit], {
      in: x.storage,
      out: null,
      gradIn: input.grads[0]?.storage ?? null,
      gradOut: null,
      carried: given === undefined
        ? []
        : [{ name: TABLE_GRADIENT, taken: null, given }],
      outputDtype: dtype,
    }, part),
    body: segmentOf(m.tape, 0, body),
    forward: segmentOf(m.tape, body, forward),
    ...(scored > exit ? { scored: segmentOf(m.tape, exit, scored) } : {}),
    dropped: segmentOf(m.tape, scored, dropped),
    backward: segmentOf(m.tape, dropped, m.tape.events.length),
  };
}
