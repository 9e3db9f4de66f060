import type { Found } from "./search.ts";

/** Counts between a power of two and the next, as shares of the latter. */
const BETWEEN = [5 / 8, 3 / 4, 7 / 8];

/**
 * Searches the fewest GPUs that are enough: powers of two, then what is between the
 * last that are not and the first that are, as far as it is whole.
 *
 * @param most A power of two.
 */
export function* searchFewest(
  most: number,
): Generator<number, Found, boolean> {
  let enough = 0;
  let next: number | null = null;
  for (let gpus = 1; gpus <= most && enough === 0; gpus *= 2) {
    if (yield gpus) enough = gpus;
    else next = gpus;
  }
  const power = enough;
  for (const share of enough === 0 ? [] : BETWEEN) {
    const gpus = power * share;
    if (!Number.isInteger(gpus) || gpus <= (next ?? 0)) continue;
    if (yield gpus) {
      enough = gpus;
      break;
    }
    next = gpus;
  }
  const value = enough === 0 ? null : enough;
  const tried = value ?? most;
  return {
    value,
    next,
    from: tried,
    to: tried,
    sampled_to: tried,
    exceptions: [],
  };
}
