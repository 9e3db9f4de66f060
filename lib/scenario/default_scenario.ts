import type { Scenario } from "./schema.ts";
import { scenarioSchema } from "./schema.ts";
import type { Leaf } from "./walk.ts";
import { changesFrom } from "./walk.ts";
import { withTask } from "./with_task.ts";

/** Stands for the model where only the other fields' defaults are asked for. */
const ANY_MODEL = "-";

const UNTOLD = scenarioSchema.parse({ model: ANY_MODEL });

/** Every field's default when training. The model has none; do not read it here. */
export const DEFAULT_SCENARIO: Scenario = withTask(UNTOLD);

const DEFAULTS: Readonly<Record<Scenario["task"], Scenario>> = {
  train: DEFAULT_SCENARIO,
  serve: withTask({ ...UNTOLD, task: "serve" }),
};

/** Every field's default of a task. */
export function defaultsOf(task: Scenario["task"]): Scenario {
  return DEFAULTS[task];
}

/**
 * Lists the fields of a Scenario that differ from their task's defaults; the task
 * is among them where it is not to train.
 */
export function changesOf(
  scenario: Omit<Scenario, "model"> & { model?: Scenario["model"] },
): Leaf[] {
  const defaults = {
    ...defaultsOf(scenario.task),
    task: DEFAULT_SCENARIO.task,
  };
  return changesFrom(defaults, scenario);
}
