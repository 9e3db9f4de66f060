import type { Scenario } from "../../scenario/schema.ts";
import { leavesOf } from "../../scenario/walk.ts";

/** A field that not all of some scenarios have alike. */
export interface Difference {
  /** Dotted path, such as "train.micro_batch". */
  path: string;
  /** The value in each scenario; undefined where one has no such field. */
  values: unknown[];
}

/** Most scenarios that are set side by side. */
export const MAX_COMPARED = 4;

/**
 * Lists the fields in which scenarios differ, in the order of a Scenario.
 *
 * @param names What the models are called, for those that are described in
 *   different ways, whose descriptions have nothing in common to set side by
 *   side.
 */
export function differencesOf(
  scenarios: readonly Scenario[],
  names: readonly string[],
): Difference[] {
  const kinds = new Set(scenarios.map(({ model }) => kindOf(model)));
  const leaves = scenarios.map((scenario, at) =>
    new Map(
      leavesOf(
        kinds.size > 1
          ? { ...scenario, model: names[at] ?? kindOf(scenario.model) }
          : scenario,
      ).map(({ path, value }) => [path, value]),
    )
  );
  const paths = new Set(leaves.flatMap((each) => [...each.keys()]));
  return [...paths]
    .map((path) => ({ path, values: leaves.map((each) => each.get(path)) }))
    .filter(({ values }) =>
      new Set(values.map((value) => JSON.stringify(value ?? null))).size > 1
    );
}

function kindOf(model: Scenario["model"]): "name" | "config" | "dims" {
  if (typeof model === "string") return "name";
  return "dims" in model ? "dims" : "config";
}
