import type { PhaseName } from "../answer/curve.ts";
import type { StorageId } from "../play/memory/tape.ts";
import type { Instance, Run } from "../play/program/act.ts";
import type { Block, Segment } from "../play/record/block.ts";
import { segmentOf } from "../play/record/block.ts";

/** Frees storages of blocks that an engine lets go of; like blocks share what does. */
export class Releases {
  readonly #known = new Map<Block, Map<string, Segment>>();

  /** The act that frees storages of an instance, which stand. */
  of(
    instance: Instance,
    storages: readonly StorageId[],
    phase: PhaseName,
  ): Run {
    return {
      act: "run",
      phase,
      at: instance.at,
      instance,
      name: "backward",
      segment: this.#segment(instance.block, storages),
      wires: [],
    };
  }

  #segment(block: Block, storages: readonly StorageId[]): Segment {
    const known = this.#known.get(block) ?? new Map<string, Segment>();
    this.#known.set(block, known);
    const key = storages.join(" ");
    const before = known.get(key);
    if (before) return before;
    const { bytes, parts, labels } = block.forward.tape;
    const events = storages.map((id) => ~id);
    const made = segmentOf(
      { events, bytes, parts, labels, exchanges: [] },
      0,
      events.length,
    );
    known.set(key, made);
    return made;
  }
}
