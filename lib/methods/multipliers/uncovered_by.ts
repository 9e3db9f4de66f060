import { cacheFormat } from "../../scenario/cache_format.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** Whether it holds, and what the method lacks then. */
type Rule = readonly [
  holds: (scenario: Scenario) => boolean,
  why: (scenario: Scenario) => string,
];

const ALWAYS: readonly Rule[] = [
  [
    ({ parallel }) => parallel.gpus > 1,
    () => "it knows one GPU and splits nothing",
  ],
];

const TRAINING: readonly Rule[] = [
  [({ train }) => train.method !== "full", () => "it has no adapters"],
  [
    ({ train }) => train.trainable !== "all",
    () => "every parameter trains in it",
  ],
  [
    ({ optimizer }) => optimizer.bits !== 32,
    ({ optimizer }) => `it has no ${optimizer.bits}-bit optimizer states`,
  ],
  [
    ({ train }) => train.checkpointing === "selective",
    () => "it has no selective checkpointing",
  ],
  [({ train }) => train.images_per_sample > 0, () => "it has no images"],
];

const SERVING: readonly Rule[] = [
  [
    (scenario) => scenario.serve.kv_cache && cacheFormat(scenario) !== "auto",
    (scenario) =>
      `its cache is of the weights' type, not ${cacheFormat(scenario)}`,
  ],
  [
    ({ serve }) => serve.cache_tokens !== null,
    () => "it has no cache that is allocated up front",
  ],
];

/**
 * Why the program has no number for a scenario, its types and optimizer aside;
 * null where it has one.
 */
export function uncoveredBy(scenario: Scenario): string | null {
  const rules = [
    ...ALWAYS,
    ...(scenario.task === "train" ? TRAINING : SERVING),
  ];
  return rules.find(([holds]) => holds(scenario))?.[1](scenario) ?? null;
}
