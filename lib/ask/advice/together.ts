import type { AdvisedSet } from "../../answer/advice.ts";
import type { Lever } from "./lever.ts";
import { COST } from "./lever.ts";
import type { Pulled } from "./pull.ts";
import { gentlest, pull } from "./pull.ts";
import type { Scales, Weight } from "./scales.ts";

/** A lever that saves less than this share of what is needed is not worth its price. */
const WORTH = 0.002;

/** Changes that are enough together. */
export interface Combination {
  readonly set: AdvisedSet;
  readonly weight: Weight;
  /** Of the dearest of them, one of {@linkcode COST}. */
  readonly cost: number;
}

/**
 * The cheapest changes that are enough together: levers are pulled in the order of
 * their price until it fits; then each is let go, dearest first, if it still fits
 * without, or else as far as it does.
 *
 * @param levers Cheapest first.
 * @param now What the scenario needs as it stands.
 * @returns Null where all of them are not enough.
 */
export function* cheapestTogether(
  levers: readonly Lever[],
  scales: Scales,
  now: Weight,
): Generator<void, Combination | null> {
  let kept: Pulled[] = [];
  let weight = now;
  while (!weight.fits) {
    const next = yield* cheapestWorth(
      levers.filter((lever) => kept.every((each) => each.lever !== lever)),
      scales,
      { set: setOf(kept), weight },
    );
    if (next === null) return null;
    kept.push(next);
    weight = next.weight;
  }
  // The last one pulled is what made it fit.
  for (const each of kept.slice(0, -1).reverse()) {
    const others = kept.filter((other) => other !== each);
    const without = yield* scales.weigh(setOf(others));
    if (without?.fits) {
      [kept, weight] = [others, without];
      continue;
    }
    if (each.at === 0) continue;
    // What others set later, they set again.
    const place = kept.indexOf(each);
    const gentler = yield* gentlest(
      each.lever,
      each.proposals.slice(0, each.at + 1),
      scales,
      setOf(others),
    );
    if (!gentler?.weight.fits) continue;
    const changed = kept.with(place, { ...gentler, proposals: each.proposals });
    const whole = yield* scales.weigh(setOf(changed));
    if (whole?.fits) [kept, weight] = [changed, whole];
  }
  const cost = Math.max(...kept.map(({ lever }) => lever.cost));
  return { set: setOf(kept), weight, cost };
}

/**
 * The cheapest lever that helps what is changed already: one that did not help at
 * first may once others have moved the peak elsewhere.
 */
function* cheapestWorth(
  levers: readonly Lever[],
  scales: Scales,
  { set, weight }: { readonly set: AdvisedSet; readonly weight: Weight },
): Generator<void, Pulled | null> {
  for (const lever of levers) {
    const pulled = yield* pull(lever, scales, set);
    if (pulled && isWorthIt(pulled, weight)) return pulled;
  }
  return null;
}

function isWorthIt({ lever, weight }: Pulled, before: Weight): boolean {
  if (weight.fits) return true;
  // More hardware that is not enough is no help.
  return lever.cost !== COST.hardware &&
    weight.least < before.least * (1 - WORTH);
}

function setOf(pulled: readonly Pulled[]): AdvisedSet {
  return Object.assign(
    {},
    ...pulled.map(({ proposals, at }) => proposals[at]?.set),
  );
}
