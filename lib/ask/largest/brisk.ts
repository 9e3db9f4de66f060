import type { Found } from "./search.ts";

/** How far the first step beyond a guess goes, as a share of it. */
const FIRST_STEP = 1 / 32;

/** Where a search ends: the share of a value that what does not fit may be above it. */
export const EXACT = 0;
/** So near that nobody would mind, where each value takes its time. */
export const NEARLY = 1 / 512;
export const ROUGHLY = 1 / 64;

/** Where a brisk search begins and ends. */
export interface BriskStart {
  /** A value that is known to fit; 0 of none. */
  readonly sure?: number;
  /** A value that may be near. */
  readonly near?: number;
  /** How near to what does not fit it ends, as a share of the value. */
  readonly gap?: number;
}

/**
 * Searches the largest value that fits in few steps: growing ones up from a value
 * that is known to fit, then halves. It takes what is needed to grow with the value,
 * where {@linkcode searchLargest} looks around too.
 *
 * @param start Where it begins.
 */
export function* searchBriskly(
  least: number,
  most: number,
  { sure = 0, near = 0, gap = EXACT }: BriskStart = {},
): Generator<number, Found, boolean> {
  let low = sure > 0 && sure >= least ? sure : null;
  let high: number | null = null;
  if (low === null && near > least && near <= most) {
    let step = firstStep(near);
    for (let at = near; low === null && at > least; at -= step, step *= 2) {
      if (yield at) low = at;
      else high = at;
    }
  }
  if (low === null) {
    if (!(yield least)) return nothing(least);
    low = least;
  }
  let step = firstStep(low);
  while (high === null && low < most) {
    const above: number = Math.min(most, low + step);
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

function firstStep(value: number): number {
  return Math.max(1, Math.floor(value * FIRST_STEP));
}

/** Where not even the least value fits. */
function nothing(least: number): Found {
  return {
    value: null,
    next: least,
    from: least,
    to: least,
    sampled_to: least,
    exceptions: [],
  };
}
