import { assert, assertEquals } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import doubts from "../truth/objective_doubts.json" with { type: "json" };
import steps from "../truth/objective_steps.json" with { type: "json" };

/** How far a phase of a trainer's step may be off that is no doubt. */
const TOLERANCE = 0.02;

/** How much worse than it is written a doubt may be: rounding alone. */
const SLACK = 0.0005;

/** Instants that an answer tells as the ends of its phases. */
const ENDS: Readonly<Record<string, "start_bytes" | "end_bytes">> = {
  backward_start: "start_bytes",
  backward_end: "end_bytes",
};

interface Doubt {
  readonly why: string;
  /** Relative errors by phase; null: the phase is not played. */
  readonly phases: Readonly<Record<string, number | null>>;
}

const DOUBTS: Readonly<Record<string, Doubt>> = doubts;

/** What an answer says of a traced phase; null where it has none. */
function figure({ memory }: Estimate, phase: string): number | null {
  const phases = memory.phases ?? [];
  if (phase === "steady" || phase === "evaluation_end") {
    return memory.allocated_steady_bytes;
  }
  const end = ENDS[phase];
  return end
    ? phases.find(({ name }) => name === "backward")?.[end] ?? null
    : phases.find(({ name }) => name === phase)?.peak_bytes ?? null;
}

for (const { name, scenario, bytes } of steps) {
  Deno.test(`estimate() reaches what a trainer was traced at: ${name}`, () => {
    const answer = estimate(scenario as unknown as ScenarioInput);
    assertEquals(answer.method, "timeline", answer.warnings.join("\n"));
    const doubted = DOUBTS[name]?.phases ?? {};
    for (const [phase, traced] of Object.entries(bytes)) {
      const found = figure(answer, phase);
      const error = found === null ? null : found / traced - 1;
      const said = doubted[phase];
      const told = `${phase}: ${found} for ${traced}`;
      if (said === undefined) {
        assert(error !== null && Math.abs(error) <= TOLERANCE, told);
      } else if (said === null || error === null) {
        assertEquals(error, said, `${told}: the doubt is no longer so`);
      } else {
        assert(Math.abs(error - said) <= SLACK, `${told}: doubted ${said}`);
        assert(Math.abs(said) > TOLERANCE, `${told}: it is no doubt`);
      }
    }
  });
}

Deno.test("doubts are of steps that were traced, and say why", () => {
  const names = new Set(steps.map(({ name }) => name));
  for (const [name, { why, phases }] of Object.entries(DOUBTS)) {
    assert(names.has(name), name);
    assert(why.length > 20 && Object.keys(phases).length > 0, name);
  }
});
