import type { Program } from "../play/program/act.ts";
import type { Scenario } from "../scenario/schema.ts";

/** Projects with models of their own, which have trainers of their own. */
const OWN_TRAINERS = ["litgpt", "torchtitan", "torchtune"] as const;

/** Who sets an engine up; null where the scenario does not tell. */
export function driverOf(
  { engine, software }: Pick<Scenario, "engine" | "software">,
): Scenario["engine"]["driver"] {
  const { model_code } = software;
  return engine.driver ??
    OWN_TRAINERS.find((driver) => driver === model_code) ?? null;
}

/** How PyTorch's allocator is set for a scenario's program. */
export function allocatorOf(
  scenario: Scenario,
): Pick<Program, "grows" | "maxSplitMib"> {
  const { max_split_size_mb } = scenario.software;
  if (growsSegments(scenario)) return { grows: true };
  return max_split_size_mb === null ? {} : { maxSplitMib: max_split_size_mb };
}

/**
 * Whether the allocator's segments grow, as torchtitan's own script and torchtune
 * since June 2025 ask for.
 *
 * Sources: pytorch/torchtitan run_train.sh, PYTORCH_ALLOC_CONF;
 * meta-pytorch/torchtune torchtune/__init__.py
 */
function growsSegments(scenario: Scenario): boolean {
  const { expandable_segments: told } = scenario.software;
  if (told !== null) return told;
  const driver = driverOf(scenario);
  return driver === "torchtune" ||
    driver === "torchtitan" && scenario.parallel.gpus > 1;
}
