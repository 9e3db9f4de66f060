import { assert } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import type { Step } from "../../lib/step/step.ts";
import { playStep } from "../../lib/step/step.ts";

/** A step that tools/trace has played. */
export interface Traced {
  name: string;
  scenario: ScenarioInput;
  bytes: Record<string, number>;
}

const PHASES: Record<string, keyof Step["phases"]> = {
  load: "load",
  forward: "forward",
  backward_start: "backwardStart",
  backward: "backward",
  backward_end: "backwardEnd",
  optimizer: "optimizer",
  steady: "steady",
};

/**
 * How far a step's phases are off what was traced, by phase; null for a config
 * that leaves sizes to the defaults of transformers.
 */
export function errorsOf(
  { name, scenario, bytes }: Traced,
): [phase: string, error: number][] | null {
  const parsed = parseScenario(scenario);
  assert(parsed.ok, `${name}: ${JSON.stringify(parsed)}`);
  const model = resolveModel(parsed.value.model);
  if (!model.ok) return null;
  const step = playStep(parsed.value, model.value, { workspaces: false });
  assert(!("reason" in step), `${name}: ${JSON.stringify(step)}`);
  // A trace loads the model before there is a batch.
  const batch = step.plan.resident.reduce(
    (sum, { part, bytes }) => part === "inputs" ? sum + bytes : sum,
    0,
  );
  return Object.entries(PHASES).flatMap(([key, phase]) => {
    const traced = bytes[key];
    const played = step.phases[phase] - (key === "load" ? batch : 0);
    return traced ? [[key, played / traced - 1]] : [];
  });
}

/** The phases that are off, in words. */
export function errorsText(
  { name }: Traced,
  errors: readonly (readonly [phase: string, error: number])[],
): string {
  const each = errors.map(([phase, error]) =>
    `${phase} ${(100 * error).toFixed(2)} %`
  );
  return `${name}: ${each.join(", ")}`;
}
