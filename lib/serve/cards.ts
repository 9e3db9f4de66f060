import { findGpu, gpuOf, similarGpus, usableBytes } from "../hardware/gpus.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Problem } from "../scenario/problem.ts";
import { shown } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { ServingGpu } from "./engine.ts";

/**
 * The cards that a model is served on: those of `hardware.gpus`, or one that stands
 * for `parallel.gpus` alike ones.
 *
 * @returns Them, or each name that the catalogue has not.
 */
export function cardsOf(
  { hardware, parallel }: Pick<Scenario, "hardware" | "parallel">,
): Result<ServingGpu[]> {
  const { gpu, gpus: names } = hardware;
  if (names === null) {
    return {
      ok: true,
      value: [{ usable: usableBytes(gpu), gpu: gpuOf(gpu) }],
    };
  }
  const problems: Problem[] = [];
  const cards: ServingGpu[] = [];
  if (names.length !== parallel.gpus) {
    problems.push(problem(
      `must name as many cards as parallel.gpus, ${parallel.gpus}: current value names ${names.length}`,
    ));
  }
  for (const name of names) {
    const found = findGpu(name);
    if (found) cards.push({ usable: found.usable_bytes, gpu: found });
    else {
      const similar = similarGpus(name);
      problems.push(problem(
        `must be in the catalogue: current value is ${shown(name)}${
          similar.length > 0 ? `; did you mean ${similar.join(", ")}?` : ""
        }`,
      ));
    }
  }
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: cards };
}

function problem(message: string): Problem {
  return { path: "hardware.gpus", message: `hardware.gpus ${message}` };
}
