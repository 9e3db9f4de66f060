import type { AdvisedSet } from "../../answer/advice.ts";
import type { Lever, Proposal } from "./lever.ts";
import type { Scales, Weight } from "./scales.ts";
import { withSet } from "../with_set.ts";

/** A lever pulled so far. */
export interface Pulled {
  readonly lever: Lever;
  readonly proposals: readonly Proposal[];
  /** Which of them. */
  readonly at: number;
  readonly weight: Weight;
}

/** Proposals that are tried one after another; among more, it is halved. */
export const FEW = 6;

/**
 * Pulls a lever as far as it takes, and no further.
 *
 * @param set What is changed already.
 * @returns The gentlest proposal that makes it fit; else the furthest that can be
 *   estimated; null where none can, or there is none.
 */
export function* pull(
  lever: Lever,
  scales: Scales,
  set: AdvisedSet = {},
): Generator<void, Pulled | null> {
  const proposals = lever.propose(
    withSet(scales.scenario, set),
    scales.model,
  );
  return yield* gentlest(lever, proposals, scales, set);
}

/** The gentlest of some proposals that makes it fit, as {@linkcode pull} gives it. */
export function* gentlest(
  lever: Lever,
  proposals: readonly Proposal[],
  scales: Scales,
  set: AdvisedSet,
): Generator<void, Pulled | null> {
  function* at(index: number): Generator<void, Pulled | null> {
    const proposal = proposals[index];
    if (!proposal) return null;
    const weight = yield* scales.weigh({ ...set, ...proposal.set });
    return weight && { lever, proposals, at: index, weight };
  }
  const last = proposals.length - 1;
  let furthest = yield* at(last);
  if (furthest && !furthest.weight.fits) return furthest;
  if (proposals.length > FEW) {
    let low = -1;
    let high = last;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const there = yield* at(middle);
      if (there?.weight.fits) [high, furthest] = [middle, there];
      else low = middle;
    }
    return furthest;
  }
  let best = furthest;
  for (let index = 0; index < last; index++) {
    const there = yield* at(index);
    if (there?.weight.fits) return there;
    if (there && !furthest) best = there;
  }
  return best;
}
