import { withOwnDefaults } from "./own_defaults.ts";
import type { Scenario } from "./schema.ts";
import { scenarioSchema } from "./schema.ts";
import type { Leaf } from "./walk.ts";
import { changesFrom } from "./walk.ts";

/** Stands for the model where only the other fields' defaults are asked for. */
const ANY_MODEL = "-";

/**
 * Every field's default, null where it hangs on another field: what a blank form
 * says. The model has none; do not read it here.
 */
export const BLANK_SCENARIO: Scenario = scenarioSchema.parse({
  model: ANY_MODEL,
});

/** Every field's default when training. The model has none; do not read it here. */
export const DEFAULT_SCENARIO: Scenario = withOwnDefaults(BLANK_SCENARIO);

const known = new Map<string, Scenario>();

/**
 * Lists the fields of a Scenario that differ from their defaults beside its task
 * and its engine, which are among them where they are not the usual.
 */
export function changesOf(
  scenario: Omit<Scenario, "model"> & { model?: Scenario["model"] },
): Leaf[] {
  const { task, serve: { engine } } = scenario;
  const key = `${task} ${engine}`;
  const defaults = known.get(key) ?? defaultsBeside(task, engine);
  known.set(key, defaults);
  return changesFrom(defaults, scenario);
}

function defaultsBeside(
  task: Scenario["task"],
  engine: Scenario["serve"]["engine"],
): Scenario {
  const { quantization, serve } = withOwnDefaults({
    ...BLANK_SCENARIO,
    task,
    serve: { ...BLANK_SCENARIO.serve, engine },
  });
  return {
    ...DEFAULT_SCENARIO,
    quantization,
    serve: { ...serve, engine: DEFAULT_SCENARIO.serve.engine },
  };
}
