import type { Explanation } from "../../answer/explanation.ts";
import { heldBytes } from "../../hardware/fit.ts";
import { estimateWords } from "./estimate_words.ts";
import { figuresOf } from "./figures.ts";
import type { FoundCauses } from "./found.ts";
import { heldWords } from "./held_words.ts";
import type { ReadError } from "./read_error.ts";
import { nextSteps } from "./steps.ts";

/**
 * An explanation without its advice.
 *
 * @param found What was found in the scenario; left out where none is known.
 */
export function toldOf(
  { reading, input, filled }: ReadError,
  found?: FoundCauses,
): Explanation {
  const { failure, moment } = reading;
  return {
    tool: failure.tool,
    message: failure.message,
    moment: moment?.words ?? null,
    read: figuresOf(failure),
    scenario: found?.scenario ?? null,
    filled: [...filled, ...found?.more ?? []],
    causes: found?.causes ?? [],
    words: [
      ...heldWords(reading),
      ...(found ? estimateWords(reading, found) : []),
    ].join("\n"),
    steps: nextSteps(reading, {
      isNamed: found !== undefined,
      isAdvised: false,
      isServed: servesBy({ input, filled }),
      isGpuKnown: found?.isGpuKnown ?? true,
    }),
    estimated: found?.isGpuKnown
      ? {
        peak_bytes: heldBytes(found.estimate.memory),
        fits: found.estimate.fit[0]?.fits ?? false,
      }
      : null,
    changes: [],
    together: null,
    gpus_needed: null,
    smallest_gpu: null,
  };
}

/** Whether it was a server that failed, as far as anybody said. */
function servesBy({ input, filled }: Pick<ReadError, "input" | "filled">) {
  const said = filled.find(({ path }) => path === "task")?.value;
  return (input?.["task"] ?? said) === "serve";
}
