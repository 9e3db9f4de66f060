import type { Scenario } from "../scenario/schema.ts";
import { versionOf } from "../scenario/version.ts";
import { RECORDS } from "./records/mod.ts";
import type { OptimizerRule } from "./rule.ts";
import type { Implementation } from "./rule.ts";

/** What is asked for; DeepSpeed's own step is not played yet, and asks for none. */
export function askedImplementation(
  { implementation }: Scenario["optimizer"],
): Implementation | "auto" {
  return implementation === "deepspeed" ? "auto" : implementation;
}

/**
 * The implementation that a step runs with: the one asked for where the optimizer
 * has it, else its own usual one. HF Trainer fuses AdamW from torch 2.8 on.
 */
export function implementationOf(
  { optimizer, software }: Scenario,
  { implementations, usual }: OptimizerRule,
): Implementation {
  const asked = askedImplementation(optimizer);
  if (asked === "for-loop") return asked;
  if (asked !== "auto") return implementations.includes(asked) ? asked : usual;
  const { major, minor } = versionOf(software.torch) ?? { major: 2, minor: 8 };
  const fuses = major > 2 || minor >= 8;
  return fuses && RECORDS[optimizer.name].trainerFuses &&
      implementations.includes("fused")
    ? "fused"
    : usual;
}
