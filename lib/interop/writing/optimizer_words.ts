import type { Scenario } from "../../scenario/schema.ts";
import { findOptimizer } from "../reading/vocabulary/optimizer_names.ts";

/** Names of transformers' OptimizerNames, the plainest first. */
const TRAINER_NAMES = [
  "adamw_torch",
  "adamw_torch_fused",
  "adamw_bnb_8bit",
  "adamw_torch_4bit",
  "paged_adamw_32bit",
  "paged_adamw_8bit",
  "ademamix",
  "ademamix_8bit",
  "paged_ademamix_32bit",
  "paged_ademamix_8bit",
  "lion_32bit",
  "lion_8bit",
  "paged_lion_32bit",
  "paged_lion_8bit",
  "adafactor",
  "adagrad",
  "sgd",
  "rmsprop",
  "rmsprop_bnb_8bit",
  "galore_adamw",
  "galore_adamw_8bit",
  "galore_adamw_layerwise",
  "apollo_adamw",
  "apollo_adamw_layerwise",
  "lomo",
  "adalomo",
  "schedule_free_adamw",
  "schedule_free_sgd",
] as const;

/** Axolotl's own, beside the Trainer's. */
const AXOLOTL_NAMES = [...TRAINER_NAMES, "muon"] as const;

/** DeepSpeed's optimizer types. */
const DEEPSPEED_TYPES: Record<string, string> = {
  adamw: "AdamW",
  adam: "Adam",
  lamb: "Lamb",
  lion: "Lion",
  muon: "Muon",
  adagrad: "Adagrad",
};

/** The Trainer's name of an optimizer; null where it has none. */
export function trainerOptimizer(
  optimizer: Scenario["optimizer"],
  names: readonly string[] = TRAINER_NAMES,
): string | null {
  return names.find((each) => {
    const named = findOptimizer(each);
    return named !== null && named.name === optimizer.name &&
      (named.bits ?? 32) === optimizer.bits &&
      (named.paged ?? false) === optimizer.paged &&
      (named.in_backward ?? false) === optimizer.in_backward &&
      (named.implementation === "fused") ===
        (optimizer.implementation === "fused");
  }) ?? null;
}

/** Axolotl's name of an optimizer; null where it has none. */
export function axolotlOptimizer(
  optimizer: Scenario["optimizer"],
): string | null {
  return trainerOptimizer(optimizer, AXOLOTL_NAMES);
}

/** DeepSpeed's type of an optimizer; null where it has none. */
export function deepspeedOptimizer(
  { name, bits, paged, in_backward }: Scenario["optimizer"],
): string | null {
  return bits === 32 && !paged && !in_backward &&
      Object.hasOwn(DEEPSPEED_TYPES, name)
    ? DEEPSPEED_TYPES[name] ?? null
    : null;
}
