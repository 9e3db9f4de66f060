import type { VllmPlan } from "./plan.ts";
import { bytesOn } from "./pool.ts";
import { blocksOf } from "./spec.ts";

/**
 * By how much a sequence's cache grows for one more token on a stage, and what it
 * holds however long it is: windows once they are full, states, an encoder's.
 */
export function cacheOfRequest(
  { pool }: VllmPlan,
  stage: number,
): { readonly growing: number; readonly fixed: number } {
  const held = pool?.stages[stage];
  if (!pool || !held) return { growing: 0, fixed: 0 };
  let growing = 0;
  let fixed = 0;
  for (const { shares } of pool.groups) {
    for (const share of shares) {
      const { spec } = share.kind;
      const page = bytesOn(held, share);
      if (spec.kind === "full") growing += page / spec.block / pool.bounds.dcp;
      else fixed += page * blocksOf(spec, Infinity, FULL_WINDOWS);
    }
  }
  return { growing: Math.round(growing), fixed };
}

/** A window holds no more than itself once nothing is prefilled. */
const FULL_WINDOWS = { inFlight: 1, dcp: 1 };
