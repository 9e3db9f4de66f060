import type { Block } from "../../play/record/block.ts";
import { blockOf } from "../../play/record/block.ts";
import { Machine } from "../../play/torch/machine.ts";
import { KeptPorts } from "../../play/record/kept_ports.ts";

/**
 * A block that stands for the tokens between two: it finds what one pass of a layer
 * leaves, and leaves what another finds.
 *
 * @returns Null where both are the same.
 */
export function growthBetween(from: Block, to: Block): Block | null {
  const m = new Machine({});
  m.recording = false;
  const ports = new KeptPorts(m);
  for (const { name, given } of from.ports.carried) {
    const next = to.ports.carried.find((port) => port.name === name);
    if (given === null || !next || next.taken === null) continue;
    const before = bytesOf(from, given);
    const after = bytesOf(to, next.taken);
    if (before === after) continue;
    const old = ports.taken(name, before, "uint8");
    const grown = ports.kept(name, after, "uint8");
    m.drop(old, grown);
  }
  const end = m.tape.events.length;
  return end === 0 ? null : blockOf(m, [end, null, end], {
    in: null,
    out: null,
    gradIn: null,
    gradOut: null,
    carried: ports.all(),
    outputDtype: from.outputDtype,
  }, "KV cache");
}

function bytesOf({ forward }: Block, storage: number): number {
  return forward.tape.bytes[storage] ?? 0;
}
