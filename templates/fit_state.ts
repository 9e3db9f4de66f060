import type { Estimate, Fit, Fullness } from "../lib/mod.ts";
import { fullness } from "../lib/mod.ts";

/**
 * How full a GPU is. An engine that serves fills its share of one whatever it is
 * asked for, so there it counts whether it starts.
 */
export function fitState(
  { serve }: Pick<Estimate, "serve">,
  { fits, utilization }: Pick<Fit, "fits" | "utilization">,
): Fullness {
  if (serve) return fits ? "comfortable" : "over";
  return fullness(utilization);
}
