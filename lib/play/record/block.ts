import type { PartName } from "../../answer/parts.ts";
import type { Events, StorageId, Tape } from "../memory/tape.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { Machine } from "../torch/machine.ts";
import type { ModulePort } from "../torch/marks.ts";
import type { ParameterPort } from "../torch/ports.ts";

/** A stretch of a block's events. */
export interface Segment {
  readonly tape: Events;
  readonly from: number;
  readonly to: number;
  /** Bytes that stand at its end beyond those at its start. */
  readonly net: number;
  /** The most that stood within, beyond those at its start; at least 0. */
  readonly peak: number;
  /** How many events it takes to reach that. */
  readonly peakAt: number;
}

/** Storages that a block shares with what stands beside it; null of none. */
export interface Ports {
  readonly in: StorageId | null;
  readonly out: StorageId | null;
  readonly gradIn: StorageId | null;
  readonly gradOut: StorageId | null;
  /** Gradients that blocks hand on beside their neighbours', by name. */
  readonly carried: readonly Carried[];
}

/** The segments of a block, by what runs. */
export type SegmentName =
  | "body"
  | "forward"
  | "done"
  | "returned"
  | "exit"
  | "scored"
  | "dropped"
  | "backward"
  | "rerun"
  | "released";

/** A recorded piece of the model: a layer, or what lies before or after them. */
export interface Block {
  readonly forward: Segment;
  /** What autocast's copies free when the forward pass ends. */
  readonly exit: Segment;
  readonly backward: Segment;
  /** What of it runs before the model's body ends: a last norm. */
  readonly body?: Segment;
  /** What it frees when the layers of its stack have run forward. */
  readonly done?: Segment;
  /** What it frees when the model's body has returned, before its head runs. */
  readonly returned?: Segment;
  /** What a trainer makes of the logits when the forward pass has ended. */
  readonly scored?: Segment;
  /** What is freed when the caller drops the logits. */
  readonly dropped?: Segment;
  /** What is freed when all layers of its stack have run again. */
  readonly rerun?: Segment;
  /** What is freed when a trainer lets go of the loss. */
  readonly released?: Segment;
  /**
   * Whether what it takes is another allocator's, for which PyTorch's has given back
   * all that it cached.
   */
  readonly isOutside?: true;
  /** Whose pass without gradients it is of, beside the one that learns. */
  readonly beside?: BesideBlock;
  readonly ports: Ports;
  /** Where it meets its parameters, in the order in which it reads them. */
  readonly parameters: readonly ParameterPort[];
  /** Modules within it whose parameters are a unit of their own. */
  readonly modules: readonly ModulePort[];
  readonly outputDtype: Dtype;
  /** Bytes that it leaves on the host until its backward pass. */
  readonly hostBytes?: number;
  /** Elements of what it gives, of a layer of a stack. */
  readonly outputElements?: number;
}

/** Whose parameters a pass beside runs on: the policy's, or another model's. */
export type AskedModel = "policy" | "reference" | "teacher";

/** A block's place in a pass beside. */
export interface BesideBlock {
  readonly asks: AskedModel;
  /** Whether it runs upon the graph of the pass that learns. */
  readonly isAfter: boolean;
  readonly place: "first" | "layer" | "last";
  /** All blocks of the pass, in order. */
  readonly stack: readonly Block[];
}

/** A gradient that several blocks add to, such as the encoder's output's. */
export interface Carried {
  readonly name: string;
  /** The storage that it has when the block's backward pass begins... */
  readonly taken: StorageId | null;
  /** ...and when it ends. */
  readonly given: StorageId | null;
}

/** Summarises the events between two places of a tape. */
export function segmentOf(
  tape: Events,
  from: number,
  to: number,
): Segment {
  let net = 0;
  let peak = 0;
  let peakAt = from;
  for (let at = from; at < to; at++) {
    const event = tape.events[at] ?? 0;
    if (event >= 0) {
      net += tape.bytes[event] ?? 0;
      if (net > peak) [peak, peakAt] = [net, at + 1];
    } else net -= tape.bytes[~event] ?? 0;
  }
  return { tape, from, to, net, peak, peakAt };
}

/** Ends what the model's body holds; where that was, if it held anything. */
export function bodyReturned(m: Machine): number | undefined {
  const ends = m.ends.body.splice(0);
  for (const end of ends) end();
  return ends.length > 0 ? m.tape.events.length : undefined;
}

function rename(
  tape: Tape,
  id: StorageId,
  label: string,
  part: PartName,
): void {
  tape.labels[id] = label;
  tape.parts[id] = part;
}

/**
 * Cuts a machine's tape into a block.
 *
 * @param cuts Where the forward pass ends, what is done with the stack, and
 *   autocast; null where nothing is freed with the stack. Then where the model's
 *   body returns, if anything is freed there.
 */
export function blockOf(
  m: Machine,
  [forward, done, exit, returned]: readonly [
    forward: number,
    done: number | null,
    exit: number,
    returned?: number | undefined,
  ],
  { outputDtype, outputElements, carried = [], ...ends }:
    & Omit<Ports, "carried">
    & Partial<Pick<Ports, "carried">>
    & Pick<Block, "outputDtype">
    & Pick<Block, "outputElements">,
  part: PartName,
): Block {
  const { tape } = m;
  // Neighbours share these: what one allocates under a name, the other frees.
  for (const id of [ends.in, ends.out]) {
    if (id !== null) rename(tape, id, "hidden states of a layer", part);
  }
  for (const id of [ends.gradIn, ends.gradOut]) {
    if (id === null) continue;
    rename(tape, id, "gradient of hidden states", "activation gradients");
  }
  return {
    forward: segmentOf(tape, 0, forward),
    ...(done === null ? {} : { done: segmentOf(tape, forward, done) }),
    ...(returned === undefined
      ? {}
      : { returned: segmentOf(tape, done ?? forward, returned) }),
    exit: segmentOf(tape, returned ?? done ?? forward, exit),
    backward: segmentOf(tape, exit, tape.events.length),
    ports: { ...ends, carried },
    parameters: m.ports(),
    modules: m.marks.all(),
    outputDtype,
    ...(m.offload ? { hostBytes: m.offload.hostBytes } : {}),
    ...(outputElements === undefined ? {} : { outputElements }),
  };
}
