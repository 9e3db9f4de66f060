import type { Mesh } from "../../parallel/mesh.ts";
import { shardingOf } from "../../parallel/sharding.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** Whether it holds, and what the method lacks then. */
type Rule = readonly [
  holds: (scenario: Scenario, mesh: Mesh) => boolean,
  why: (scenario: Scenario) => string,
];

const ALWAYS: readonly Rule[] = [
  [(_, { cp }) => cp > 1, () => "it has no context parallelism"],
  [
    ({ engine, parallel }, mesh) =>
      mesh.dp > 1 && shardingOf(engine, parallel, mesh).stage > 0,
    () => "each replica is a whole copy in it",
  ],
];

const TRAINING: readonly Rule[] = [
  [
    ({ train }) => train.trainable !== "all",
    () => "every parameter trains in it",
  ],
  [
    ({ optimizer, train }) =>
      train.method === "full" && !/^adamw?$/.test(optimizer.name),
    ({ optimizer }) => `it knows Adam, but not ${optimizer.name}`,
  ],
  [
    ({ optimizer, train }) => train.method === "full" && optimizer.bits !== 32,
    ({ optimizer }) => `it has no ${optimizer.bits}-bit optimizer states`,
  ],
];

/**
 * Why the rules have no number for a scenario, its data type aside; null where
 * they have one.
 */
export function uncoveredBy(scenario: Scenario, mesh: Mesh): string | null {
  const rules = scenario.task === "train" ? [...ALWAYS, ...TRAINING] : ALWAYS;
  return rules.find(([holds]) => holds(scenario, mesh))?.[1](scenario) ?? null;
}
