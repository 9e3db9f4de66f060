import type { Found } from "./search.ts";

/** How far the first step beyond a guess goes, as a share of it. */
const FIRST_STEP = 1 / 32;

/** Where a search ends: the share of a value that what does not fit may be above it. */
export const EXACT = 0;
/** So near that nobody would mind, where each value takes its time. */
export const NEARLY = 1 / 512;
export const ROUGHLY = 1 / 64;

/**
 * Searches the largest value that fits in few steps: growing ones up from a value
 * that is known to fit, then halves. It takes what is needed to grow with the value,
 * where {@linkcode searchLargest} looks around too.
 *
 * @param sure A value that is known to fit; 0 where none is.
 * @param gap How near to what does not fit it ends, as a share of the value.
 */
export function* searchBriskly(
  least: number,
  most: number,
  sure: number,
  gap: number = EXACT,
): Generator<number, Found, boolean> {
  if (sure < least && !(yield least)) {
    return {
      value: null,
      next: least,
      from: least,
      to: least,
      sampled_to: least,
      exceptions: [],
    };
  }
  let low = Math.max(least, sure);
  let high: number | null = null;
  let step = Math.max(1, Math.floor(low * FIRST_STEP));
  while (high === null && low < most) {
    const above = Math.min(most, low + step);
    if (yield above) low = above;
    else high = above;
    step *= 2;
  }
  while (high !== null && high - low > Math.max(1, gap * low)) {
    const middle: number = low + Math.floor((high - low) / 2);
    if (yield middle) low = middle;
    else high = middle;
  }
  const to = high ?? low;
  return {
    value: low,
    next: high,
    from: low,
    to,
    sampled_to: to,
    exceptions: [],
  };
}
