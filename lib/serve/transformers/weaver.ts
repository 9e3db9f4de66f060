import type { At } from "../../answer/curve.ts";
import type { Act, Instance, Wire } from "../../play/program/act.ts";
import type { Block, SegmentName } from "../../play/record/block.ts";
import { growthBetween } from "./growth.ts";
import type { RecordedPass } from "./passes.ts";
import type { Share } from "./shares.ts";

/** Where something that a layer keeps was left. */
interface Kept {
  readonly from: Instance;
  readonly given: number;
}

/** Puts the blocks of one GPU's passes in a row, and hands on what layers keep. */
export class Weaver {
  readonly acts: Act[] = [];
  instances = 0;
  readonly #share: Share;
  readonly #kept = new Map<string, Kept>();
  #head: Instance | null = null;
  #ran: readonly Instance[] = [];

  constructor(share: Share) {
    this.#share = share;
  }

  /** A forward pass up to its logits, of the layers that the GPU has. */
  pass(pass: RecordedPass): void {
    const { isFirst, isLast, layers: [from, to] } = this.#share;
    const first = isFirst
      ? this.#instance(pass.embedding, "embeddings")
      : this.#instance(pass.arrival(), "embeddings");
    this.#run(first, "forward");
    let before = first;
    const all = pass.layers.slice(from, to).map((block, index) => {
      const at = from + index;
      const instance = this.#instance(block, at);
      this.#run(instance, "forward", [
        ...handed(before, instance),
        ...this.#keep(instance, at),
      ]);
      before = instance;
      return instance;
    });
    this.#ran = all;
    const last = this.#instance(isLast ? pass.head : pass.departure(), "head");
    this.#head = isLast ? last : null;
    this.#run(last, "body", handed(before, last));
    for (const instance of [first, ...all]) this.#run(instance, "done");
    // The model's own variables end with its layers: positions, masks.
    this.#run(first, "backward");
    this.#run(last, "forward");
  }

  /** The next token is picked of the logits, which go with what callers held. */
  pick(): void {
    if (this.#head) this.#run(this.#head, "dropped");
    for (const instance of this.#ran) this.#run(instance, "exit");
  }

  /** Caches grow from what one pass leaves to what another finds. */
  grow(from: RecordedPass, to: RecordedPass): void {
    const known = new Map<Block, Block | null>();
    const [begin, end] = this.#share.layers;
    for (let at = begin; at < end; at++) {
      const [block, next] = [from.layers[at], to.layers[at]];
      if (!block || !next) continue;
      let grown = known.get(block);
      if (grown === undefined) {
        grown = growthBetween(block, next);
        known.set(block, grown);
      }
      if (grown === null) continue;
      const instance = this.#instance(grown, at);
      this.#run(instance, "forward", this.#keep(instance, at));
    }
  }

  #instance(block: Block, at: At): Instance {
    this.instances++;
    return { block, at };
  }

  /** Takes over what the layer has kept so far. */
  #keep(instance: Instance, at: At): Wire[] {
    const wires: Wire[] = [];
    for (const { name, taken, given } of instance.block.ports.carried) {
      const key = `${at} ${name}`;
      const known = this.#kept.get(key);
      if (known && taken !== null) wires.push({ what: name, ...known, taken });
      if (given !== null) this.#kept.set(key, { from: instance, given });
    }
    return wires;
  }

  #run(instance: Instance, name: SegmentName, wires: Wire[] = []): void {
    const segment = instance.block[name];
    if (!segment || (segment.to === segment.from && wires.length === 0)) return;
    const { at } = instance;
    this.acts.push({
      act: "run",
      phase: "forward",
      at,
      instance,
      name,
      segment,
      wires,
    });
  }
}

/** Hidden states go from a block to the next. */
function handed(from: Instance, to: Instance): Wire[] {
  const { out: given } = from.block.ports;
  const { in: taken } = to.block.ports;
  return given === null || taken === null
    ? []
    : [{ what: "hidden states", from, given, taken }];
}
