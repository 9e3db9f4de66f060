import type { PartName } from "../../answer/parts.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { MachineSettings } from "../torch/machine_settings.ts";
import type { Value } from "../torch/values.ts";
import { Machine } from "../torch/machine.ts";
import type { Block } from "./block.ts";
import { blockOf } from "./block.ts";
import { KeptPorts } from "./kept_ports.ts";

/** Hidden states that a layer is given which records no gradients. */
export interface ServedInput {
  readonly elements: number;
  readonly dtype: Dtype;
  /** What hidden states between layers count as. */
  readonly part: PartName;
  /** Whether the stack's code refers to them until its layers have run. */
  readonly held: boolean;
}

/**
 * Records a layer that no gradient passes: what autograd would save is freed with
 * the last reference to it, and what the layer keeps between tokens stays.
 */
export function recordServedLayer(
  settings: MachineSettings,
  { elements, dtype, part, held }: ServedInput,
  layer: (m: Machine, x: Value, ports: KeptPorts) => Value,
): Block {
  const m = new Machine(settings);
  m.part = part;
  m.recording = false;
  m.followsVariables = true;
  const ports = new KeptPorts(m);
  const x = m.external(elements, dtype, "hidden states", null, part);
  if (held) m.tape.retain(x.storage);
  const out = layer(m, x, ports);
  m.drop(x);
  const forward = m.tape.events.length;
  if (held) m.tape.release(x.storage);
  const done = m.tape.events.length;
  m.drop(...ports.outlived());
  const exit = m.tape.events.length;
  return blockOf(m, [forward, held ? done : null, exit], {
    in: x.storage,
    out: out.storage,
    gradIn: null,
    gradOut: null,
    carried: ports.all(),
    outputDtype: out.dtype,
  }, part);
}
