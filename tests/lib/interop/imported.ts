import { assert } from "@std/assert";
import type { Imported } from "../../../lib/mod.ts";
import { scenarioOfConfiguration } from "../../../lib/mod.ts";

/** What a configuration that can be read becomes. */
export function imported(text: string): Imported {
  const read = scenarioOfConfiguration(text);
  assert(read.ok, JSON.stringify(read));
  return read.value;
}
