import type { Scenario } from "../scenario/schema.ts";
import type { Act, Program } from "../play/program/act.ts";

/**
 * A program whose allocator's cache is emptied before each backward pass, in steps
 * whose number the setting divides: the first is one, as it is counted from 0.
 *
 * Source: huggingface/transformers 5.23.0 trainer.py, Trainer.training_step
 */
export function withEmptiedCache(
  program: Program,
  { train: { empty_cache_steps: every } }: Scenario,
): Program {
  if (every === null) return program;
  const { first, step } = program;
  return {
    ...program,
    first: emptied(first),
    step: every === 1 ? emptied(step) : step,
  };
}

function emptied(acts: readonly Act[]): Act[] {
  return acts.flatMap((act, at): Act[] =>
    act.phase === "backward" && acts[at - 1]?.phase === "forward"
      ? [{ act: "empty", phase: "backward", at: act.at }, act]
      : [act]
  );
}
