import type { Act } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { PassActs, Stack } from "../../play/program/pass.ts";
import { passActs } from "../../play/program/pass.ts";
import type { Turn } from "./schedule.ts";

/** What a chunk runs for one micro-batch. */
export interface ChunkStack {
  readonly stack: Stack;
  /** Whether it is given hidden states by another stage, and hands them to one. */
  readonly receives: boolean;
  readonly sends: boolean;
}

/** A stage's passes of all micro-batches. */
export interface Woven {
  readonly acts: readonly Act[];
  readonly passes: readonly PassActs[];
}

/**
 * A stage's passes in the order of its turns. The schedule's variables hold the
 * gradient that came last until the next one comes, and the one that was sent back
 * last until the next backward pass is over.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/pipeline_parallel/schedules.py,
 * forward_backward_pipelining_without_interleaving
 *
 * @param handed Bytes of hidden states that stages hand on.
 */
export function woven(
  chunks: readonly ChunkStack[],
  turns: readonly Turn[],
  handed: number,
): Woven {
  const passes = new Map<string, PassActs>();
  const passOf = ({ chunk, micro }: Turn): PassActs => {
    const key = `${chunk} ${micro}`;
    const known = passes.get(key);
    if (known) return known;
    const { stack = [] } = chunks[chunk] ?? {};
    const made = passActs({ stacks: [stack], hostBytes: 0 });
    passes.set(key, made);
    return made;
  };
  const held = gradientHeld(handed);
  const acts: Act[] = [];
  let unsent: Act[] = [];
  let isHeld = false;
  let sentBack: Act[] = [];
  for (const turn of turns) {
    const own = passOf(turn).acts.filter(({ phase }) => phase === turn.kind);
    const { receives = false, sends = false } = chunks[turn.chunk] ?? {};
    if (turn.kind === "forward") {
      acts.push(...unsent);
      // Hidden states go when they were sent, which a gradient may come before.
      unsent = sends ? own.slice(-1) : [];
      acts.push(...(sends ? own.slice(0, -1) : own));
      continue;
    }
    const begin = sends ? own.slice(0, 1) : [];
    const end = receives ? own.slice(-1) : [];
    const inner = own.slice(begin.length, own.length - end.length);
    acts.push(...begin);
    if (isHeld) acts.push({ ...held, act: "free" });
    isHeld = sends;
    acts.push(...unsent, ...inner.slice(0, 1));
    unsent = [];
    if (sends) acts.push({ ...held, act: "take" });
    acts.push(...inner.slice(1), ...sentBack);
    sentBack = end;
  }
  acts.push(...unsent, ...sentBack);
  if (isHeld) acts.push({ ...held, act: "free" });
  return { acts, passes: [...passes.values()] };
}

function gradientHeld(bytes: number) {
  const buffer: Buffer = bufferOf("received gradient", [{
    group: {
      part: "activation gradients",
      label: "gradient received last",
      count: 1,
      elements: null,
    },
    bytes: roundedBytes(bytes),
  }]);
  return { phase: "backward", at: "head", buffer } as const;
}
