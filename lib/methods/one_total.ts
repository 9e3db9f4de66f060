import type { Answer, Term } from "./method.ts";

/**
 * The memory of a method that adds its parts up and knows one total only: the
 * total stands for what the device shows, and what needs a timeline is null.
 *
 * @param terms Rounded to whole bytes one by one, so that they sum exactly to
 *   the total; those without bytes are left out.
 */
export function oneTotal(
  terms: readonly Term[],
): Pick<Answer, "memory" | "scaledPeak"> {
  const parts = terms
    .map((term) => ({ ...term, bytes: Math.round(term.bytes) }))
    .filter(({ bytes }) => bytes !== 0);
  const peak = parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    memory: {
      allocated_peak_bytes: null,
      allocated_steady_bytes: null,
      reserved_peak_bytes: null,
      device_peak_bytes: peak,
      binding: "all parts at once: this method has no timeline",
      parts,
      phases: null,
      ranks: null,
    },
    scaledPeak: (share) => Math.round(share * peak),
  };
}
