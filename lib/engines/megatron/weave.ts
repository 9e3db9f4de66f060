import type { At } from "../../answer/curve.ts";
import type { Act, Free, Instance, Run, Take } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { PassActs, Stack } from "../../play/program/pass.ts";
import { passActs } from "../../play/program/pass.ts";
import type { Block } from "../../play/record/block.ts";
import { withExchanges } from "../exchanges.ts";
import type { Turn } from "./schedule.ts";

/** What a chunk runs for one micro-batch. */
export interface ChunkStack {
  readonly stack: Stack;
  /** Whether it is given hidden states by another stage, and hands them to one. */
  readonly receives: boolean;
  readonly sends: boolean;
}

/** What modules and the schedule's variables go on to refer to. */
export interface Referred {
  /** Hidden states, or their gradient, that stages hand on. */
  readonly handed: Buffer;
  /** What a layer refers to after a backward pass, until it runs again. */
  readonly kept: ReadonlyMap<Block, Buffer>;
}

/** A stage's passes of all micro-batches. */
export interface Woven {
  /** Those of the first step; each later one begins with what stood after it. */
  readonly first: readonly Act[];
  readonly later: readonly Act[];
  readonly passes: readonly PassActs[];
}

/**
 * A stage's passes in the order of its turns. Variables of the schedule hold the
 * gradient that came last until the next one comes, and the one that was sent back
 * last until the next backward pass is over; the model itself refers to the hidden
 * states that it received last.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/pipeline_parallel/schedules.py,
 * forward_backward_pipelining_without_interleaving;
 * megatron/core/transformer/transformer_block.py, set_input_tensor
 *
 * @param repeats Micro-batches of a step that the first one stands for.
 */
export function woven(
  chunks: readonly ChunkStack[],
  turns: readonly Turn[],
  referred: Referred,
  repeats: number,
): Woven {
  const weaver = new Weaver(chunks, referred);
  weaver.runAll(turns);
  const { acts, passes } = weaver;
  // What stands at the end stands when the next step begins.
  const begun = weaver.standing();
  const again = new Weaver(chunks, referred, weaver, begun);
  again.runAll(turns);
  const repeated = new Set(
    chunks.flatMap((_, at) => passes.get(`${at} 0`)?.instances ?? []),
  );
  const timesOf = (instance: Instance): number =>
    repeated.has(instance) ? repeats : 1;
  return {
    first: withExchanges(acts, timesOf),
    later: withExchanges(again.acts, timesOf),
    passes: [...passes.values()],
  };
}

/** What chunks and layers refer to: layers go by their numbers. */
type Standing = ReadonlyMap<ChunkStack | At, readonly Buffer[]>;

class Weaver {
  readonly acts: Act[] = [];
  readonly passes: Map<string, PassActs>;
  /** What each pass runs forward, and backward. */
  readonly #halves = new Map<
    PassActs,
    Record<Turn["kind"], readonly Run[]>
  >();
  readonly #chunks: readonly ChunkStack[];
  readonly #referred: Referred;
  readonly #standing: Map<ChunkStack | At, readonly Buffer[]>;
  /** The micro-batch that each chunk has run forward last. */
  readonly #latest = new Map<number, number>();
  #unsent: readonly Act[] = [];
  #sentBack: readonly Act[] = [];
  #holdsReceived = false;
  #holdsFormer = false;
  /** What has been received ahead of its turn. */
  #received: Run | null = null;
  /** Whether it sends and receives while it computes: with several chunks. */
  readonly #overlaps: boolean;

  /** @param before Whose passes are run again. */
  constructor(
    chunks: readonly ChunkStack[],
    referred: Referred,
    before: Weaver | null = null,
    standing: Standing = new Map(),
  ) {
    this.#chunks = chunks;
    this.#referred = referred;
    this.#overlaps = chunks.length > 1;
    this.passes = before?.passes ?? new Map();
    this.#standing = new Map(standing);
  }

  /** What is referred to at the moment. */
  standing(): Standing {
    return this.#standing;
  }

  runAll(turns: readonly Turn[]): void {
    for (const [at, turn] of turns.entries()) {
      const chunk = this.#chunks[turn.chunk];
      if (!chunk) continue;
      const next = turns[at + 1];
      if (turn.kind === "forward") this.#forward(turn, chunk);
      else if (this.#overlaps && next?.kind === "forward") {
        // What was sent goes, and what comes stands, around a backward pass.
        const unsent = this.#unsent;
        this.#unsent = [];
        this.#receive(next);
        this.#backward(turn, chunk);
        this.acts.push(...unsent);
      } else this.#backward(turn, chunk);
    }
    this.#end();
  }

  /** The schedule returns, and its variables go. */
  #end(): void {
    this.#forgetFormer();
    this.acts.push(...this.#unsent);
    for (const chunk of this.#chunks) {
      if (!chunk.receives) continue;
      // The model refers to its last input, and that to its gradient.
      this.#refer(chunk, this.#referred.handed);
      if (!this.#overlaps) this.#refer(chunk, this.#referred.handed);
    }
    this.acts.push(...this.#sentBack);
    if (this.#holdsReceived) {
      this.acts.push(actOf("free", "backward", this.#referred.handed));
    }
  }

  #passOf({ chunk, micro }: Turn, { stack }: ChunkStack): PassActs {
    const key = `${chunk} ${micro}`;
    const known = this.passes.get(key) ??
      passActs({ stacks: [stack], hostBytes: 0 });
    this.passes.set(key, known);
    return known;
  }

  /** What a turn begins with where it is given hidden states. */
  #receive(turn: Turn): void {
    const chunk = this.#chunks[turn.chunk];
    if (!chunk?.receives) return;
    const [first] = this.#actsOf(turn, chunk);
    if (!first || this.#received === first) return;
    this.#received = first;
    this.acts.push(first);
  }

  #forward(turn: Turn, chunk: ChunkStack): void {
    const own = this.#actsOf(turn, chunk);
    this.#latest.set(turn.chunk, turn.micro);
    this.acts.push(...this.#unsent);
    this.#receive(turn);
    this.#forget(chunk);
    // Hidden states go when they were sent, which a gradient may come before.
    this.#unsent = chunk.sends ? own.slice(-1) : [];
    const runs = own.slice(
      chunk.receives ? 1 : 0,
      chunk.sends ? -1 : own.length,
    );
    for (const run of runs) {
      this.#forget(run.at);
      this.acts.push(run);
    }
    this.#forgetFormer();
  }

  /**
   * A variable that holds the output of the last backward pass goes on to another:
   * its graph refers to the input.
   */
  #forgetFormer(): void {
    if (this.#holdsFormer) {
      this.acts.push(actOf("free", "forward", this.#referred.handed));
    }
    this.#holdsFormer = false;
  }

  #actsOf(turn: Turn, chunk: ChunkStack): readonly Run[] {
    const pass = this.#passOf(turn, chunk);
    const known = this.#halves.get(pass);
    if (known) return known[turn.kind];
    const { forward: own = [], backward = [] } = Object.groupBy(
      pass.acts,
      ({ phase }) => phase === "forward" ? "forward" : "backward",
    );
    // What is handed on goes after all that the model's call lets go.
    const last = chunk.sends ? pass.instances.at(-1) : null;
    const forward = [
      ...own.filter(({ instance }) => instance !== last),
      ...own.filter(({ instance }) => instance === last),
    ];
    this.#halves.set(pass, { forward, backward });
    return { forward, backward }[turn.kind];
  }

  #backward(turn: Turn, chunk: ChunkStack): void {
    const own = this.#actsOf(turn, chunk);
    const { handed, kept } = this.#referred;
    const isLatest = this.#latest.get(turn.chunk) === turn.micro;
    this.#forgetFormer();
    const begin = chunk.sends ? own.slice(0, 1) : [];
    const end = chunk.receives ? own.slice(-1) : [];
    const inner = own.slice(begin.length, own.length - end.length);
    this.acts.push(...begin);
    if (this.#holdsReceived) this.acts.push(actOf("free", "backward", handed));
    this.acts.push(...this.#unsent);
    this.#unsent = [];
    for (const [place, run] of inner.entries()) {
      this.acts.push(run);
      const stays = kept.get(run.instance.block);
      if (stays && isLatest) this.#refer(run.at, stays);
      if (place === 0 && chunk.sends) {
        this.acts.push(actOf("take", "backward", handed));
      }
    }
    this.#holdsReceived = chunk.sends;
    if (chunk.receives && this.#overlaps) {
      if (isLatest) this.#refer(chunk, handed);
    } else if (chunk.receives) {
      this.#holdsFormer = true;
      this.acts.push(actOf("take", "backward", handed));
    }
    this.acts.push(...this.#sentBack);
    this.#sentBack = end;
  }

  /** From now on somebody refers to one more buffer. */
  #refer(owner: ChunkStack | At, buffer: Buffer): void {
    const before = this.#standing.get(owner) ?? [];
    this.#standing.set(owner, [...before, buffer]);
    this.acts.push(actOf("take", "backward", buffer));
  }

  /** It refers to nothing any more. */
  #forget(owner: ChunkStack | At): void {
    for (const buffer of this.#standing.get(owner) ?? []) {
      this.acts.push(actOf("free", "forward", buffer));
    }
    this.#standing.delete(owner);
  }
}

function actOf(
  act: "take" | "free",
  phase: "forward" | "backward",
  buffer: Buffer,
): Take | Free {
  return { act, phase, at: "embeddings", buffer };
}
