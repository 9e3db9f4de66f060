/** Values that are tried one by one on each side of the answer. */
const NEAR = 8;
/** Samples above them, and how far up they go as a share of the answer. */
const SAMPLES = 4;
const REACH = 1 / 4;

/** What a search found. */
export interface Found {
  /** The largest value that fits; null where not even the least does. */
  value: number | null;
  /** The least value tried above it, which does not fit; null at the bound. */
  next: number | null;
  /** Every value between these was tried. */
  from: number;
  to: number;
  /** The highest sample tried above them. */
  sampled_to: number;
  /** Values tried below the answer that do not fit. */
  exceptions: number[];
}

/**
 * Searches the largest value that fits by doubling and halving, and tries the
 * values around it: an allocator's rounding can make a larger one need less, so
 * that one that fits may stand above one that does not. Where one of those
 * above fits, the search goes on from there.
 *
 * The search asks by yielding a value, and is told whether it fits.
 *
 * @param least Least value that is tried.
 * @param most Largest value that is tried.
 * @param below Whether the values below the answer are tried too, to name those
 *   that do not fit.
 */
export function* searchLargest(
  least: number,
  most: number,
  below = true,
): Generator<number, Found, boolean> {
  const known = new Map<number, boolean>();
  function* fits(value: number): Generator<number, boolean, boolean> {
    const before = known.get(value);
    if (before !== undefined) return before;
    const answer = yield value;
    known.set(value, answer);
    return answer;
  }

  if (!(yield* fits(least))) {
    return {
      value: null,
      next: least,
      from: least,
      to: least,
      sampled_to: least,
      exceptions: [],
    };
  }
  let low = least;
  let high: number | null = null;
  while (high === null && low < most) {
    const doubled = Math.min(most, 2 * low);
    if (yield* fits(doubled)) low = doubled;
    else high = doubled;
  }
  while (high !== null && high - low > 1) {
    const middle: number = low + Math.floor((high - low) / 2);
    if (yield* fits(middle)) low = middle;
    else high = middle;
  }

  const to = (value: number): number => Math.min(most, value + NEAR);
  for (let above = low + 1; above <= to(low); above++) {
    if (yield* fits(above)) low = above;
  }
  const reached = to(low);
  let sampledTo = reached;
  for (let at = 1; at <= SAMPLES; at++) {
    const sample = Math.min(
      most,
      reached + Math.ceil(low * REACH * at / SAMPLES),
    );
    sampledTo = sample;
    if (sample === reached || !(yield* fits(sample))) continue;
    // A larger value fits after all: look around that one too.
    low = sample;
    for (let above = low + 1; above <= to(low); above++) {
      if (yield* fits(above)) low = above;
    }
    sampledTo = to(low);
  }
  const from = below ? Math.max(least, low - NEAR) : low;
  for (let value = low - 1; value >= from; value--) yield* fits(value);

  const tried = [...known.entries()].sort(([a], [b]) => a - b);
  return {
    value: low,
    next: tried.find(([value]) => value > low)?.[0] ?? null,
    from,
    to: to(low),
    sampled_to: Math.max(sampledTo, to(low)),
    exceptions: tried.filter(([value, fit]) => value < low && !fit)
      .map(([value]) => value),
  };
}
