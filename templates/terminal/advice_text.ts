import type { Advice, Estimate } from "../../lib/mod.ts";
import { formatBytes } from "../../lib/mod.ts";
import {
  changeWords,
  hardwareWords,
  setFlags,
  togetherWords,
} from "../advice_words.ts";

/** What would make a scenario fit, for a terminal. */
export function adviceText(
  advice: Advice,
  { scenario }: Pick<Estimate, "scenario">,
): string {
  const { now, changes, together } = advice;
  if (now.fits && changes.length === 0) {
    return "Nothing has to change: it fits.";
  }
  return [
    "What would help",
    ...(together
      ? [
        `  The cheapest that is enough: fits, ${
          formatBytes(together.peak_bytes)
        }`,
        `    ${togetherWords(advice, together.set)}`,
        `    ${setFlags(together.set)}`,
      ]
      : now.fits
      ? []
      : ["  No changes that were tried are enough together."]),
    ...changes.flatMap((change) => {
      const { words, effect, price } = changeWords(change);
      return [
        `  ${words}`,
        `    ${effect}. ${price}.`,
        `    ${setFlags(change.set)}`,
      ];
    }),
    ...hardwareWords(advice, scenario.parallel).map((each) => `  ${each}`),
  ].join("\n");
}
