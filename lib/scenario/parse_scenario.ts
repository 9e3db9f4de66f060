import { fieldsNear } from "./near_fields.ts";
import type { Problem } from "./problem.ts";
import { problemsOf } from "./problem.ts";
import type { Scenario } from "./schema.ts";
import { scenarioSchema } from "./schema.ts";
import { withOwnDefaults } from "./own_defaults.ts";

/** A value, or the problems that stand in its way. */
export type Result<T> =
  | { ok: true; value: T }
  | { ok: false; problems: Problem[] };

/** Part of a Scenario, as users write it: everything but the model may be left out. */
export type ScenarioInput =
  & { model: Scenario["model"] }
  & Partial<{ [Section in keyof Scenario]: DeepPartial<Scenario[Section]> }>;

type DeepPartial<T> = T extends readonly unknown[] ? T
  : T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> }
  : T;

/**
 * Checks a Scenario and fills in its defaults.
 *
 * @param input Anything: a JSON value, or sections of text from a form.
 * @returns The Scenario, or every problem with its path and a message.
 */
export function parseScenario(input: unknown): Result<Scenario> {
  const parsed = scenarioSchema.safeParse(input);
  if (parsed.success) return { ok: true, value: withOwnDefaults(parsed.data) };
  return {
    ok: false,
    problems: problemsOf(parsed.error.issues, input, "scenario", fieldsNear),
  };
}
