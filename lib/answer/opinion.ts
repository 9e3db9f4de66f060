import type { Scenario } from "../scenario/schema.ts";

/** What another method says to the same question. */
export interface Opinion {
  method: Scenario["method"];
  /** Null where the method does not answer. */
  device_peak_bytes: number | null;
  /** Why it does not, as it stands in a sentence after "because"; else null. */
  uncovered: string | null;
}
