import type { Estimate } from "../lib/mod.ts";
import { formatBytes } from "../lib/mod.ts";

/** An answer in a few words: what a GPU holds, and whether that fits. */
export function triedWords({ memory, fit }: Estimate): string {
  const [first] = fit;
  const peak = `${formatBytes(memory.device_peak_bytes)} a GPU`;
  if (!first) return peak;
  return `${peak}, ${first.fits ? "fits" : "does not fit"} ${first.gpu}`;
}
