import type { PhaseError } from "../../lib/evidence/doubt_rows.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import type { NotPlayed, Step } from "../../lib/engines/step.ts";
import { playStep } from "../../lib/engines/step.ts";
import { PIXELS } from "../../lib/plan/beside.ts";
import { askedOf, PHASES } from "./asked.ts";
import { assertPlayed } from "./results.ts";

/** A step that tools/trace has played. */
export interface Traced {
  name: string;
  scenario: ScenarioInput;
  bytes: Record<string, number>;
}

const BATCHED = new Set(["forward", "backward_start", "backward"]);

/** How far a step's phases are off what was traced, by phase. */
export function errorsOf(traced: Traced): PhaseError[] {
  return playedOf(traced).errors;
}

/** Why a traced step is not played; null where it is. */
export function refusalOf({ name, scenario }: Traced): string | null {
  const step = stepOf(name, scenario);
  return "reason" in step ? step.reason : null;
}

function stepOf(name: string, scenario: ScenarioInput): Step | NotPlayed {
  const asked = askedOf(scenario, `${name}: `);
  return playStep(asked.scenario, asked.model, { workspaces: false });
}

/** A traced step as it is played, and how far its phases are off. */
export function playedOf(
  { name, scenario, bytes }: Traced,
): { step: Step; errors: PhaseError[] } {
  const step = stepOf(name, scenario);
  assertPlayed(step, `${name}: `);
  // A trace has no batch before its forward pass, nor after its backward pass.
  const batch = step.standing.reduce(
    (sum, { part, bytes }) => part === "inputs" ? sum + bytes : sum,
    0,
  );
  // Pixels come after the model is loaded.
  const loaded = step.standing.reduce(
    (sum, { label, bytes }) => label === PIXELS ? sum + bytes : sum,
    0,
  );
  const errors = Object.entries(PHASES).flatMap(
    ([key, phase]): PhaseError[] => {
      const traced = bytes[key];
      const beside = key === "load" ? batch - loaded : batch;
      const played = step.phases[phase] - (BATCHED.has(key) ? 0 : beside);
      return traced ? [[key, played / traced - 1]] : [];
    },
  );
  return { step, errors };
}

/** The phases that are off, in words. */
export function errorsText(
  { name }: { readonly name: string },
  errors: readonly PhaseError[],
): string {
  const each = errors.map(([phase, error]) =>
    `${phase} ${(100 * error).toFixed(2)} %`
  );
  return `${name}: ${each.join(", ")}`;
}
