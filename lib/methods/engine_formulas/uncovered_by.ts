import { namedFormat } from "../../scenario/weight_format.ts";
import { cacheFormat } from "../../scenario/cache_format.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { knowsEngine, knowsKvType } from "./serving.ts";
import { optimizerBytes } from "./setup.ts";

/** Whether it holds, and what the method lacks then. */
type Rule = readonly [
  holds: (scenario: Scenario, model: Model) => boolean,
  why: (scenario: Scenario) => string,
];

/** Types of quantised weights that the program trains in. */
const TRAINED_TYPES = ["none", "int8", "int4"];

const TRAINING: readonly Rule[] = [
  [({ train }) => train.method !== "full", () => "it has no adapters"],
  [
    ({ train }) => train.trainable !== "all",
    () => "every parameter trains in it",
  ],
  [
    ({ optimizer }) => optimizerBytes(optimizer) === null,
    ({ optimizer: { name, bits } }) =>
      `it knows AdamW, Adam, SGD and 8-bit AdamW, but not ${name} with ${bits} bits`,
  ],
  [
    (scenario) => !TRAINED_TYPES.includes(namedFormat(scenario)),
    (scenario) => `it has no ${namedFormat(scenario)} weights`,
  ],
  [
    ({ engine }) =>
      engine.name.startsWith("fsdp") && engine.sharding === "hybrid",
    () => "it has no hybrid sharding",
  ],
];

const SERVING: readonly Rule[] = [
  [
    ({ serve }) => !knowsEngine(serve.engine),
    ({ serve }) => `it does not know the engine ${serve.engine}`,
  ],
  [
    ({ quantization, precision }) =>
      quantization.weights !== "none" || precision.weights === "fp32",
    () => "it serves 16-bit weights only",
  ],
  [
    (scenario) => !knowsKvType(cacheFormat(scenario)),
    (scenario) => `it has no ${cacheFormat(scenario)} cache`,
  ],
  [
    (_, { architecture }) => architecture.attention_heads === 0,
    () => "it has no models without attention",
  ],
];

/** Why the program has no number for a scenario; null where it has one. */
export function uncoveredBy(scenario: Scenario, model: Model): string | null {
  const rules = scenario.task === "train" ? TRAINING : SERVING;
  return rules.find(([holds]) => holds(scenario, model))?.[1](scenario) ?? null;
}
