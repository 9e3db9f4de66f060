import type { At } from "../../answer/curve.ts";
import type { Inventory } from "../../plan/inventory.ts";
import { loadActs, workspaceActs } from "../../engines/acts.ts";
import type { Act, Instance, Program, Wire } from "../../play/program/act.ts";
import type { Block, SegmentName } from "../../play/record/block.ts";
import { besideBuffer } from "../../plan/beside.ts";
import { growthBetween } from "./growth.ts";
import type { RecordedPass } from "./passes.ts";

/** The passes of a generation that differ, in the order in which they run. */
export interface Passes {
  readonly prefill: RecordedPass;
  /** The first token's and the last one's; none where nothing is decoded. */
  readonly decode: readonly RecordedPass[];
}

/** What a generation does, and where its phases begin. */
export interface ServedProgram {
  readonly program: Program;
  /** Acts of the step by the phase that they are of. */
  readonly stretches: readonly ServedStretch[];
}

/** Acts from a place of the step up to another. */
export interface ServedStretch {
  readonly name: "prefill" | "decode" | "sampling";
  readonly from: number;
  readonly to: number;
}

/** What stands while a batch is served, beside weights and caches. */
export interface Standing {
  /** Bytes of the batch's ids and its mask. */
  readonly inputs: number;
  /** Bytes of each workspace that libraries keep. */
  readonly workspaces: readonly number[];
}

/**
 * The program of a generation: the prompt, the first token after it, and the last
 * one, before which caches have grown to what the tokens between have left.
 */
export function servedProgram(
  inventory: Inventory,
  { prefill, decode }: Passes,
  { inputs, workspaces }: Standing,
): ServedProgram {
  const weaver = new Weaver();
  const stretches: ServedStretch[] = [];
  const run = (name: "prefill" | "decode", pass: RecordedPass) => {
    const from = weaver.acts.length;
    weaver.pass(pass);
    const to = weaver.acts.length;
    weaver.pick();
    stretches.push({ name, from, to }, {
      name: "sampling",
      from: to,
      to: weaver.acts.length,
    });
  };
  run("prefill", prefill);
  const [first, last] = decode;
  if (first) run("decode", first);
  if (first && last) {
    if (last !== first) weaver.grow(first, last);
    run("decode", last);
  }
  const ids = besideBuffer("inputs", "token ids and their mask", inputs);
  const events = weaver.acts.reduce(
    (sum, act) =>
      act.act === "run" ? sum + act.segment.to - act.segment.from : sum,
    0,
  );
  return {
    stretches,
    program: {
      load: [
        ...loadActs(inventory),
        ...workspaceActs(workspaces).map((act) => ({
          ...act,
          phase: "load" as const,
        })),
        { act: "take", phase: "load", at: "load", buffer: ids },
      ],
      first: [],
      step: weaver.acts,
      events,
      blocks: weaver.instances,
    },
  };
}

/** Where something that a layer keeps was left. */
interface Kept {
  readonly from: Instance;
  readonly given: number;
}

/** Puts the blocks of passes in a row, and hands on what layers keep. */
class Weaver {
  readonly acts: Act[] = [];
  instances = 0;
  readonly #kept = new Map<string, Kept>();
  #head: Instance | null = null;

  /** A forward pass up to its logits. */
  pass({ embedding, layers, head }: RecordedPass): void {
    const first = this.#instance(embedding, "embeddings");
    this.#run(first, "forward");
    let before = first;
    const all = layers.map((block, at) => {
      const instance = this.#instance(block, at);
      this.#run(instance, "forward", [
        ...handed(before, instance),
        ...this.#keep(instance, at),
      ]);
      before = instance;
      return instance;
    });
    const last = this.#instance(head, "head");
    this.#head = last;
    this.#run(last, "body", handed(before, last));
    for (const instance of [first, ...all]) this.#run(instance, "done");
    // The model's own variables end with its layers: positions, masks.
    this.#run(first, "backward");
    this.#run(last, "forward");
  }

  /** The next token is picked of the logits, which then go. */
  pick(): void {
    if (this.#head) this.#run(this.#head, "dropped");
  }

  /** Caches grow from what one pass leaves to what another finds. */
  grow(from: RecordedPass, to: RecordedPass): void {
    const known = new Map<Block, Block | null>();
    for (const [at, block] of from.layers.entries()) {
      const next = to.layers[at];
      if (!next) continue;
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
