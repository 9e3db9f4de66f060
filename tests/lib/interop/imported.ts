import type { Imported } from "../../../lib/mod.ts";
import { scenarioOfConfiguration } from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";

/** What a configuration that can be read becomes. */
export function imported(text: string): Imported {
  const read = scenarioOfConfiguration(text);
  assertOk(read);
  return read.value;
}
