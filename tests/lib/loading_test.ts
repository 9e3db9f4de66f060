import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import { phase, said } from "./answers.ts";
import loads from "../truth/loading.json" with { type: "json" };

/** How far what was traced may be off. */
const TOLERANCE = 0.001;

for (const { name, scenario, bytes } of loads) {
  Deno.test(`loading reaches what it was traced at: ${name}`, () => {
    const answer = estimate(scenario as unknown as ScenarioInput);
    assertEquals(answer.method, "timeline", answer.warnings.join("\n"));
    const off = [
      { each: "loading", told: loading(answer), traced: bytes.loading },
      { each: "load", told: phase(answer, "load"), traced: bytes.load },
    ].filter(({ told, traced }) => Math.abs(told / traced - 1) > TOLERANCE);
    assertEquals(off, []);
  });
}

/** The phase where it is told, else what stands after it: as much. */
function loading({ memory }: Estimate): number {
  const named = (name: string) =>
    memory.phases?.find((each) => each.name === name)?.peak_bytes;
  return named("loading") ?? named("load") ?? 0;
}
