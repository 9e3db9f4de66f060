import type { Memory } from "../answer/estimate.ts";
import type { Band } from "../evidence/band.ts";
import type { Term } from "./method.ts";

/**
 * The memory of a method that adds its parts up and knows one total only: the
 * total stands for what the device shows, and what needs a timeline is null.
 *
 * @param terms Rounded to whole bytes one by one, so that they sum exactly to
 *   the total; those without bytes are left out.
 * @param band How far measured runs lay from the method's total, where known.
 */
export function oneTotal(terms: readonly Term[], band: Band | null): Memory {
  const parts = terms
    .map((term) => ({ ...term, bytes: Math.round(term.bytes) }))
    .filter(({ bytes }) => bytes !== 0);
  const peak = parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    allocated_peak_bytes: null,
    allocated_steady_bytes: null,
    reserved_peak_bytes: null,
    device_peak_bytes: peak,
    low_bytes: band && Math.round(band.low * peak),
    high_bytes: band && Math.round(band.high * peak),
    binding: "all parts at once: this method has no timeline",
    parts,
    phases: null,
    ranks: null,
  };
}
