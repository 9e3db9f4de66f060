import type { Act, Program } from "../play/program/act.ts";
import type { Buffer, Group } from "../play/program/buffer.ts";
import { bufferOf } from "../play/program/buffer.ts";

/**
 * A program whose manager of offloaded activations refers to the operation that ran
 * backwards last until the next backward pass: with it stand the leaf that its input
 * was, hidden states before the first checkpoint, and the leaf's gradient.
 *
 * Source: huggingface/trl 1.16.0 trl/models/activation_offloading.py,
 * OffloadActivations: `curr_autograd_node`, which nothing clears
 *
 * @param bytes Of the leaf; 0 where there is none.
 */
export function withHeldLeaf(program: Program, bytes: number): Program {
  if (bytes === 0) return program;
  const part = "checkpoints";
  const group = (label: string): Group => ({
    part,
    label,
    count: 1,
    elements: null,
  });
  const buffer = bufferOf("last operation", [
    { group: group("hidden states of the last operation"), bytes },
    { group: group("gradient of the last operation's input"), bytes },
  ]);
  return {
    ...program,
    first: held(program.first, buffer, false),
    step: held(program.step, buffer, true),
  };
}

/** Acts with the buffer taken after each backward pass and freed before the next. */
function held(
  acts: readonly Act[],
  buffer: Buffer,
  standsBefore: boolean,
): Act[] {
  let stands = standsBefore;
  const all: Act[] = [];
  for (const [at, act] of acts.entries()) {
    const before = acts[at - 1]?.phase;
    if (act.phase === "backward" && before !== "backward" && stands) {
      all.push({ act: "free", phase: "backward", at: act.at, buffer });
      stands = false;
    }
    if (act.phase !== "backward" && before === "backward") {
      all.push({ act: "take", phase: act.phase, at: act.at, buffer });
      stands = true;
    }
    all.push(act);
  }
  return all;
}
