import { ROUGHLY, searchBriskly } from "./brisk.ts";
import type { Bounds } from "./guess.ts";
import { guessed } from "./guess.ts";
import type { Probe } from "./probe.ts";
import type { Found } from "./search.ts";
import { searchLargest } from "./search.ts";
import type { Asked, SearchedValues, Told } from "./values.ts";

/**
 * Runs a search, of which values it asks for are tried.
 *
 * @param sure A value up to which all fit, by a guess that was tried; 0 of none.
 */
export function* run(
  values: SearchedValues,
  search: Generator<number, Found, boolean>,
  { sure, fits }: { sure: number; fits: (probe: Probe) => boolean },
): Generator<Asked, Found, Told> {
  let asked = search.next();
  while (!asked.done) {
    if (sure > 0 && asked.value <= sure) {
      asked = search.next(true);
      continue;
    }
    const probe = yield* values.probeAt(asked.value);
    asked = search.next(probe !== null && fits(probe));
  }
  return asked.value;
}

/**
 * Shares of a GPU that the high end of what the tensors need may fill where the
 * allocator's own share of it is not known yet.
 */
const SHARES = [0.97, 0.94, 0.9, 0.85];
/** What a guess has to leave of a GPU: more than values near differ by. */
const SPARE = 0.01;

/** The largest value at which the high end of the band fits too. */
export function* cautiousValue(
  values: SearchedValues,
  bounds: Bounds,
  { share: high, thorough }: { share: number; thorough: boolean },
): Generator<Asked, Found, Told> {
  const { least, most } = bounds;
  const fits = (probe: Probe): boolean => probe.fitsCautiously();
  let sure = 0;
  let near = 0;
  for (const share of SHARES) {
    const wanted = bounds.usable * share / high;
    near = yield* guessed(values, bounds, () => wanted);
    const probe = near > 0 ? yield* values.probeAt(near) : null;
    if (probe?.fitsCautiously(SPARE)) sure = near;
    // A brisk search finds its way from there, up or down.
    if (probe === null || sure > 0 || !thorough) break;
  }
  const search = thorough
    ? searchLargest(least, most, false)
    : searchBriskly(least, most, { sure, near, gap: ROUGHLY });
  return yield* run(values, search, { sure, fits });
}
