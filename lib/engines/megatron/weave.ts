import type { At } from "../../answer/curve.ts";
import type { Act, Free, Run, Take } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { PassActs, Stack } from "../../play/program/pass.ts";
import { passActs } from "../../play/program/pass.ts";
import type { Block } from "../../play/record/block.ts";
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
 */
export function woven(
  chunks: readonly ChunkStack[],
  turns: readonly Turn[],
  referred: Referred,
): Woven {
  const weaver = new Weaver(chunks, referred);
  for (const turn of turns) weaver.run(turn);
  weaver.end();
  const { acts, passes } = weaver;
  // What stands at the end stands when the next step begins.
  const begun = weaver.standing();
  const again = new Weaver(chunks, referred, weaver, begun);
  for (const turn of turns) again.run(turn);
  again.end();
  return { first: acts, later: again.acts, passes: [...passes.values()] };
}

/** What chunks and layers refer to: layers go by their numbers. */
type Standing = ReadonlyMap<ChunkStack | At, readonly Buffer[]>;

class Weaver {
  readonly acts: Act[] = [];
  readonly passes: Map<string, PassActs>;
  readonly #chunks: readonly ChunkStack[];
  readonly #referred: Referred;
  readonly #standing: Map<ChunkStack | At, readonly Buffer[]>;
  /** The micro-batch that each chunk has run forward last. */
  readonly #latest = new Map<number, number>();
  #unsent: readonly Act[] = [];
  #sentBack: readonly Act[] = [];
  #holdsReceived = false;

  /** @param before Whose passes are run again. */
  constructor(
    chunks: readonly ChunkStack[],
    referred: Referred,
    before: Weaver | null = null,
    standing: Standing = new Map(),
  ) {
    this.#chunks = chunks;
    this.#referred = referred;
    this.passes = before?.passes ?? new Map();
    this.#standing = new Map(standing);
  }

  /** What is referred to at the moment. */
  standing(): Standing {
    return this.#standing;
  }

  run(turn: Turn): void {
    const chunk = this.#chunks[turn.chunk];
    if (!chunk) return;
    const own = this.#passOf(turn, chunk).acts.filter(({ phase }) =>
      phase === turn.kind
    );
    if (turn.kind === "forward") this.#forward(turn, chunk, own);
    else this.#backward(turn, chunk, own);
  }

  /** The schedule returns, and its variables go. */
  end(): void {
    this.acts.push(...this.#unsent);
    for (const chunk of this.#chunks) {
      // Its input's gradient is referred to by the input.
      if (chunk.receives) this.#refer(chunk, this.#referred.handed);
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

  #forward(
    { chunk: at, micro }: Turn,
    chunk: ChunkStack,
    own: readonly Run[],
  ): void {
    this.#latest.set(at, micro);
    this.acts.push(...this.#unsent);
    // Hidden states go when they were sent, which a gradient may come before.
    this.#unsent = chunk.sends ? own.slice(-1) : [];
    const runs = chunk.sends ? own.slice(0, -1) : own;
    for (const [place, run] of runs.entries()) {
      this.#forget(run.at);
      this.acts.push(run);
      if (place === 0) this.#forget(chunk);
    }
  }

  #backward(
    { chunk: at, micro }: Turn,
    chunk: ChunkStack,
    own: readonly Run[],
  ): void {
    const { handed, kept } = this.#referred;
    const isLatest = this.#latest.get(at) === micro;
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
    if (chunk.receives && isLatest) this.#refer(chunk, handed);
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
