import type { ProbedStep } from "./probe.ts";
import type { Asked, FieldValues, Told } from "./values.ts";

/** Where a value is searched, and what the GPU has. */
export interface Bounds {
  least: number;
  most: number;
  usable: number;
}

/** How often a guess is bettered. */
const GUESSES = 6;
/** How far the second value is from the least: batches, tokens. */
const FAR = 8;
const FAR_TOKENS = 1024;

/**
 * A value that fits, near the one at which the tensors need so many bytes: they
 * grow nearly in a straight line with batch and length. Whoever searches need
 * not try what is smaller.
 *
 * @param wantedOf The bytes that are wanted, fewer than the GPU has.
 * @returns 0 where none was found.
 */
export function* guessed(
  values: FieldValues,
  { least, most }: Bounds,
  wantedOf: (played: ProbedStep) => number,
): Generator<Asked, number, Told> {
  let found = 0;
  let before = { value: least, bytes: 0 };
  let value = least;
  for (let guess = 0; guess < GUESSES; guess++) {
    const probe = yield* values.playedAt(value);
    if (!probe?.played) return found;
    const { least: bytes } = probe.played;
    const wanted = wantedOf(probe.played);
    if (bytes <= wanted && probe.fits()) found = Math.max(found, value);
    const here = { value, bytes };
    let next = values.areTokens ? FAR_TOKENS : FAR;
    if (guess > 0) {
      const slope = (here.bytes - before.bytes) / (here.value - before.value);
      if (!(slope > 0)) return found;
      next = Math.floor(value + (wanted - here.bytes) / slope);
    } else if (found === 0) return 0;
    next = Math.max(least, Math.min(most, next));
    if (next === value) return found;
    before = here;
    value = next;
  }
  return found;
}
