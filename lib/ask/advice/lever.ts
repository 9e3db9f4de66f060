import type { AdvisedSet } from "../../answer/advice.ts";
import type { Model } from "../../models/model.ts";
import { MAX_DEVICES } from "../../scenario/limits.ts";
import type { Scenario } from "../../scenario/schema.ts";

/**
 * What a lever costs beside memory, least first: the order in which levers are
 * pulled where one is not enough.
 */
export const COST = {
  /** The same result, as fast. */
  nothing: 0,
  /** The same result, a little slower at most. */
  little: 1,
  /** The same result, slower. */
  slower: 2,
  /** A result that hardly differs, or something that is given up. */
  nearlySame: 3,
  /** Slower by far. */
  muchSlower: 4,
  /** Another result: quality, other data, fewer users. */
  another: 5,
  /** More hardware. */
  hardware: 6,
} as const;

/** A way to pull a lever. */
export interface Proposal {
  readonly set: AdvisedSet;
  /** The change in words, as a heading has it. */
  readonly words: string;
  /** Its price in a sentence without its full stop. */
  readonly price: string;
}

/** Something that makes a scenario need less memory. */
export interface Lever {
  readonly task: Scenario["task"];
  readonly cost: (typeof COST)[keyof typeof COST];
  /**
   * Says how it can be pulled.
   *
   * @returns Gentlest first, each needing no more than the one before; none where
   *   the lever does not apply.
   */
  propose(scenario: Scenario, model: Model): readonly Proposal[];
}

/** Shares of a count that are proposed, gentlest first. */
const SHARES = [
  7 / 8,
  3 / 4,
  5 / 8,
  1 / 2,
  3 / 8,
  1 / 4,
  3 / 16,
  1 / 8,
  1 / 16,
];

/** Smaller counts than one that is there, largest first. */
export function fewerThan(count: number, least: number, step = 1): number[] {
  const all = SHARES.map((share) => Math.floor(count * share / step) * step)
    .filter((each) => each > least && each < count);
  return [...new Set(least < count ? [...all, least] : [])];
}

/** Counts of up to so many are proposed one by one. */
const FEW = 256;

/** Every smaller count, largest first, or of very many some. */
export function countdown(count: number, least: number): number[] {
  return count <= FEW
    ? Array.from(
      { length: Math.max(0, count - least) },
      (_, at) => count - 1 - at,
    )
    : fewerThan(count, least);
}

/** How many times as many GPUs are proposed. */
const TIMES = [2, 4, 8, 16, 32, 64];

/** GPUs that are proposed in place of so many, fewest first. */
export function moreThan(gpus: number): number[] {
  return TIMES.map((times) => gpus * times)
    .filter((each) => each <= MAX_DEVICES);
}
