import { assert } from "@std/assert";
import type { Estimate } from "../../lib/mod.ts";

/** The peak of an answer's phase, in bytes. */
export function phase({ memory }: Estimate, name: string): number {
  const found = memory.phases?.find((each) => each.name === name);
  assert(found, `no phase ${name}`);
  return found.peak_bytes;
}

/** All that an answer warns of and assumes. */
export function said({ warnings, assumptions }: Estimate): string {
  return [...warnings, ...assumptions].join("\n");
}
