import type { Dtype } from "../torch/dtype.ts";
import type { Machine, MachineSettings, Value } from "../torch/machine.ts";
import { Machine as Recorder } from "../torch/machine.ts";
import type { PartName } from "../../answer/parts.ts";
import type { StorageId, Tape } from "../memory/tape.ts";

/** A stretch of a block's events. */
export interface Segment {
  readonly tape: Tape;
  readonly from: number;
  readonly to: number;
  /** Bytes that stand at its end beyond those at its start. */
  readonly net: number;
  /** The most that stood within, beyond those at its start; at least 0. */
  readonly peak: number;
  /** How many events it takes to reach that. */
  readonly peakAt: number;
}

/** A recorded piece of the model: a layer, or what lies before or after them. */
export interface Block {
  readonly forward: Segment;
  /** What autocast's copies free when the forward pass ends. */
  readonly exit: Segment;
  readonly backward: Segment;
  /** The storages that it shares with its neighbours. */
  readonly input: StorageId | null;
  readonly output: StorageId | null;
  readonly gradIn: StorageId | null;
  readonly gradOut: StorageId | null;
  /** A tied matrix's gradient, from the head to the embeddings. */
  readonly tiedGrad?: StorageId | null;
  readonly outputDtype: Dtype;
  /** What it frees when the layers of its stack have run forward. */
  readonly done?: Segment;
  /** Gradients that blocks hand on beside their neighbours', by name. */
  readonly carried?: readonly Carried[];
}

/** A gradient that several blocks add to, such as the encoder's output's. */
export interface Carried {
  readonly name: string;
  /** The storage that it has when the block's backward pass begins... */
  readonly taken: StorageId | null;
  /** ...and when it ends. */
  readonly given: StorageId | null;
}

/** Where hidden states come from. */
export interface BlockInput {
  readonly elements: number;
  readonly dtype: Dtype;
  /** Whether their gradient is wanted. */
  readonly needsGrad: boolean;
  readonly checkpoint: boolean;
  /** What hidden states between layers count as, everywhere in the pass. */
  readonly part: PartName;
  /** Whether a checkpoint is moved to the host until it is needed again. */
  readonly offload: boolean;
  /** Whether they are a leaf of the graph, which autograd holds to the end. */
  readonly isLeaf: boolean;
  /** Whether the stack's code refers to them until its layers have run. */
  readonly held?: boolean;
  /** Whether a layer that runs again stops when all that it saves is there. */
  readonly stopsEarly?: boolean;
}

/** Summarises the events between two places of a tape. */
export function segmentOf(tape: Tape, from: number, to: number): Segment {
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

/** What a checkpoint is called that came back from the host. */
const CHECKPOINT = "checkpoint from the host";

/** Records a layer: forward, the end of autocast, backward. */
export function recordLayer(
  settings: MachineSettings,
  given: BlockInput,
  layer: (m: Machine, x: Value) => Value,
): Block {
  const m = new Recorder(settings);
  const { part } = given;
  m.part = part;
  const input = m.input();
  const source = given.needsGrad ? { node: input, slot: 0 } : null;
  const x = m.external(
    given.elements,
    given.dtype,
    "hidden states",
    source,
    part,
  );
  const held = given.held === true;
  if (held) m.tape.retain(x.storage);
  const letGo = () => {
    if (held) m.tape.release(x.storage);
    return m.tape.events.length;
  };
  // Nothing is kept, and nothing runs again, of a layer that needs no gradient.
  if (!given.checkpoint || !needsGradient(settings, given, layer)) {
    if (given.isLeaf) m.tape.retain(x.storage);
    const out = layer(m, x);
    m.drop(x);
    const forward = m.tape.events.length;
    const done = letGo();
    m.endForward();
    const exit = m.tape.events.length;
    if (out.source === null) {
      return blockOf(m, [forward, held ? done : null, exit], {
        input: x.storage,
        output: out.storage,
        gradIn: null,
        gradOut: null,
        outputDtype: out.dtype,
      }, part);
    }
    const gradOut = m.external(
      out.elements,
      out.dtype,
      "gradient of hidden states",
      null,
      "activation gradients",
    );
    m.backward(out, gradOut);
    if (given.isLeaf) m.tape.release(x.storage);
    return blockOf(m, [forward, held ? done : null, exit], {
      input: x.storage,
      output: out.storage,
      gradIn: input.grads[0]?.storage ?? null,
      gradOut: gradOut.storage,
      outputDtype: out.dtype,
    }, part);
  }
  m.recording = false;
  const out = layer(m, x);
  if (!given.offload) m.tape.retain(x.storage);
  m.drop(x);
  const forward = m.tape.events.length;
  const done = letGo();
  m.endForward();
  const exit = m.tape.events.length;
  const gradOut = m.external(
    out.elements,
    out.dtype,
    "gradient of hidden states",
    null,
    "activation gradients",
  );
  m.recording = true;
  const kept = given.offload
    ? m.keep(m.create(given.elements, given.dtype, CHECKPOINT, null, part))
    : x;
  // torch.utils.checkpoint runs the layer again from a detached copy.
  const begin = m.tape.events.length;
  const again = m.view(kept, { source });
  m.part = "residual stream";
  const result = layer(m, again);
  m.endForward();
  if (given.stopsEarly) {
    m.drop(result);
    m.stopAtLastSave();
    // What needs nothing saved runs before: the layer runs again when it is asked.
    const middle = m.tape.events.length;
    const read = m.backward(result, gradOut);
    m.tape.advance(begin, middle, read);
    m.drop(again);
  } else {
    m.tape.retain(gradOut.storage);
    m.backward(result, gradOut);
    m.drop(result, again);
    m.tape.release(gradOut.storage);
  }
  m.tape.release(kept.storage);
  return blockOf(m, [forward, held ? done : null, exit], {
    input: x.storage,
    output: out.storage,
    gradIn: input.grads[0]?.storage ?? null,
    gradOut: gradOut.storage,
    outputDtype: out.dtype,
  }, part);
}

/** Whether a gradient has to pass a layer, for its input or its parameters. */
function needsGradient(
  settings: MachineSettings,
  { needsGrad, elements, dtype, part }: BlockInput,
  layer: (m: Machine, x: Value) => Value,
): boolean {
  if (needsGrad) return true;
  const m = new Recorder(settings);
  return layer(m, m.external(elements, dtype, "", null, part)).source !== null;
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
 *   autocast; null where nothing is freed with the stack.
 */
export function blockOf(
  { tape }: Machine,
  [forward, done, exit]: readonly [
    forward: number,
    done: number | null,
    exit: number,
  ],
  ends: Pick<
    Block,
    "input" | "output" | "gradIn" | "gradOut" | "tiedGrad" | "outputDtype"
  >,
  part: PartName,
): Block {
  // Neighbours share these: what one allocates under a name, the other frees.
  for (const id of [ends.input, ends.output]) {
    if (id !== null) rename(tape, id, "hidden states of a layer", part);
  }
  for (const id of [ends.gradIn, ends.gradOut]) {
    if (id === null) continue;
    rename(tape, id, "gradient of hidden states", "activation gradients");
  }
  return {
    forward: segmentOf(tape, 0, forward),
    ...(done === null ? {} : { done: segmentOf(tape, forward, done) }),
    exit: segmentOf(tape, done ?? forward, exit),
    backward: segmentOf(tape, exit, tape.events.length),
    ...ends,
  };
}
