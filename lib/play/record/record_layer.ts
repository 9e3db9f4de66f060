import type { PartName } from "../../answer/parts.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { MachineSettings } from "../torch/machine_settings.ts";
import type { Grad, Value } from "../torch/values.ts";
import { KeptOutputs } from "../torch/kept_outputs.ts";
import { Machine } from "../torch/machine.ts";
import { keepingSaved } from "../torch/saved_offload.ts";
import type { Block } from "./block.ts";
import { blockOf, bodyReturned, segmentOf } from "./block.ts";

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
  /** Whether such a leaf stands until a trainer lets go of the loss. */
  readonly holdsLeaf?: boolean;
  /** Whether the stack's code refers to them until its layers have run. */
  readonly held?: boolean;
  /** Whether the model's code refers to them until its forward pass ends. */
  readonly heldByModel?: boolean;
  /** Whether a layer that runs again stops when all that it saves is there. */
  readonly stopsEarly?: boolean;
  /** Whether a checkpoint keeps outputs of operations beside its input. */
  readonly keepsOutputs?: boolean;
}

/** What a checkpoint is called that came back from the host. */
const CHECKPOINT = "checkpoint from the host";

/** What a layer does beside giving hidden states. */
export interface LayerEnds {
  /** Other results, and the gradients that came back to them, once it has run. */
  readonly results?: (m: Machine) => readonly (readonly [Value, Grad])[];
  /** Lets go of what stands until all layers of the stack have run again. */
  readonly release?: (m: Machine) => void;
}

/** Records a layer: forward, the end of autocast, backward. */
export function recordLayer(
  settings: MachineSettings,
  given: BlockInput,
  layer: (m: Machine, x: Value) => Value,
  { results = () => [], release }: LayerEnds = {},
): Block {
  const m = new Machine(settings);
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
  const holdsLeaf = given.holdsLeaf === true && given.isLeaf;
  if (holdsLeaf) m.tape.retain(x.storage);
  const finished = (block: Block): Block => {
    const backward = m.tape.events.length;
    release?.(m);
    const end = m.tape.events.length;
    if (holdsLeaf) m.tape.release(x.storage);
    const rerun = segmentOf(m.tape, backward, end);
    const released = segmentOf(m.tape, end, m.tape.events.length);
    return {
      ...block,
      ...end > backward ? { rerun } : {},
      ...holdsLeaf ? { released } : {},
    };
  };
  const held = given.held === true;
  if (held) m.tape.retain(x.storage);
  const letGo = () => {
    if (held) m.tape.release(x.storage);
    return m.tape.events.length;
  };
  // Nothing is kept, and nothing runs again, of a layer that needs no gradient.
  if (!given.checkpoint || !needsGradient(settings, given, layer)) {
    if (given.isLeaf) m.tape.retain(x.storage);
    if (given.heldByModel) m.tape.retain(x.storage);
    const out = layer(m, x);
    m.drop(x);
    // The next layer's copies take the place of the last five of this one's.
    m.offload?.wait();
    const forward = m.tape.events.length;
    const done = letGo();
    const returned = bodyReturned(m);
    m.endForward();
    if (given.heldByModel) m.tape.release(x.storage);
    const exit = m.tape.events.length;
    if (out.source === null) {
      return blockOf(m, [forward, held ? done : null, exit, returned], {
        in: x.storage,
        out: out.storage,
        gradIn: null,
        gradOut: null,
        outputDtype: out.dtype,
        outputElements: out.elements,
      }, part);
    }
    const gradOut = m.external(
      out.elements,
      out.dtype,
      "gradient of hidden states",
      null,
      "activation gradients",
    );
    m.backwardOfAll([[out, gradOut], ...results(m)]);
    if (given.isLeaf) m.tape.release(x.storage);
    return finished(blockOf(m, [forward, held ? done : null, exit, returned], {
      in: x.storage,
      out: out.storage,
      gradIn: input.grads[0]?.storage ?? null,
      gradOut: gradOut.storage,
      outputDtype: out.dtype,
      outputElements: out.elements,
    }, part));
  }
  m.recording = false;
  const outputs = given.keepsOutputs ? new KeptOutputs() : null;
  m.outputs = outputs;
  const out = layer(m, x);
  const offload = given.offload || m.offload !== null;
  // A leaf of the graph stands as long as that, wherever its copy is.
  if (!offload || given.isLeaf) m.tape.retain(x.storage);
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
  const kept = offload
    ? m.keep(m.create(given.elements, given.dtype, CHECKPOINT, null, part))
    : x;
  // torch.utils.checkpoint runs the layer again from a detached copy.
  const begin = m.tape.events.length;
  const again = m.view(kept, { source });
  m.part = "residual stream";
  outputs?.runAgain(takenAgain(settings, given, layer));
  // A checkpoint that does not reenter has the hooks of what runs again to itself.
  const result = given.stopsEarly
    ? keepingSaved(m, () => layer(m, again))
    : layer(m, again);
  m.endForward();
  if (given.stopsEarly) {
    m.drop(result);
    m.stopAtLastSave();
    // What needs nothing saved runs before: the layer runs again when it is asked.
    const middle = m.tape.events.length;
    const read = m.backwardOfAll([[result, gradOut], ...results(m)]);
    m.tape.advance(begin, middle, read);
    m.drop(again);
  } else {
    m.tape.retain(gradOut.storage);
    m.backwardOfAll([[result, gradOut], ...results(m)]);
    m.drop(result, again);
    m.tape.release(gradOut.storage);
  }
  for (const storage of outputs?.left() ?? []) m.tape.release(storage);
  m.tape.release(kept.storage);
  if (offload && given.isLeaf) m.tape.release(x.storage);
  return finished(blockOf(m, [forward, held ? done : null, exit], {
    in: x.storage,
    out: out.storage,
    gradIn: input.grads[0]?.storage ?? null,
    gradOut: gradOut.storage,
    outputDtype: out.dtype,
    outputElements: out.elements,
  }, part));
}

/** How many of the outputs that it kept a layer takes before it stops again. */
function takenAgain(
  settings: MachineSettings,
  { elements, dtype, part, stopsEarly }: BlockInput,
  layer: (m: Machine, x: Value) => Value,
): number {
  const m = new Machine(settings);
  const outputs = new KeptOutputs();
  m.outputs = outputs;
  layer(m, m.external(elements, dtype, "", { node: m.input(), slot: 0 }, part));
  const [, saved] = m.lastSave;
  return stopsEarly
    ? outputs.kept.filter((storage) => storage < saved).length
    : outputs.kept.length;
}

/** Whether a gradient has to pass a layer, for its input or its parameters. */
function needsGradient(
  settings: MachineSettings,
  { needsGrad, elements, dtype, part }: BlockInput,
  layer: (m: Machine, x: Value) => Value,
): boolean {
  if (needsGrad) return true;
  const m = new Machine(settings);
  return layer(m, m.external(elements, dtype, "", null, part)).source !== null;
}
