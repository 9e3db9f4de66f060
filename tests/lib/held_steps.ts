import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { playStep } from "../../lib/engines/step.ts";
import { askedOf, PHASES } from "./asked.ts";
import { assertPlayed } from "./results.ts";

/** A traced step whose caller held the batch until the next one. */
export interface HeldStep {
  readonly name: string;
  readonly scenario: ScenarioInput;
  readonly bytes: Readonly<Record<string, number>>;
}

/** The most that a phase may be off. */
const LIMIT = 0.01;

/**
 * Holds every phase of traced steps to within 1 %.
 *
 * @param known Phases that are further off, by "name: phase", and by how much at
 *   most; what is known may only become less.
 */
export function assertHeldSteps(
  steps: readonly HeldStep[],
  known: Readonly<Record<string, number>>,
): void {
  const off = steps.flatMap(offOf);
  for (const { phase, error } of off) {
    assert(error <= (known[phase] ?? LIMIT), `${phase} is off by ${error}`);
  }
  assertEquals(
    off.map(({ phase }) => phase).sort(),
    Object.keys(known).sort(),
  );
}

function offOf({ name, scenario, bytes }: HeldStep) {
  const asked = askedOf(scenario, `${name}: `);
  const step = playStep(asked.scenario, asked.model, { workspaces: false });
  assertPlayed(step, `${name}: `);
  return Object.entries(PHASES).flatMap(([key, phase]) => {
    const traced = bytes[key] ?? 0;
    const error = Math.abs(step.phases[phase] / traced - 1);
    return error > LIMIT ? [{ phase: `${name}: ${key}`, error }] : [];
  });
}
