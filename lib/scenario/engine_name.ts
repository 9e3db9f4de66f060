import type { Scenario } from "./schema.ts";

/**
 * The engine that spreads a scenario over its GPUs; null where there is but one. One
 * that is not named is DeepSpeed where ZeRO is asked for, Megatron-Core where the
 * model itself is split, and else DDP.
 */
export function spreadBy(
  { engine, parallel }: Pick<Scenario, "engine" | "parallel">,
): Exclude<Scenario["engine"]["name"], "auto"> | null {
  if (parallel.gpus === 1) return null;
  if (engine.name !== "auto") return engine.name;
  if (engine.zero_stage > 0) return "deepspeed";
  const { tp, pp, cp, ep } = parallel;
  return tp * pp * cp * ep > 1 ? "megatron" : "ddp";
}

/** A Scenario with Megatron-Core by its name where {@linkcode spreadBy} takes it. */
export function withSplitEngine(scenario: Scenario): Scenario {
  const { engine } = scenario;
  return engine.name === "auto" && spreadBy(scenario) === "megatron"
    ? { ...scenario, engine: { ...engine, name: "megatron" } }
    : scenario;
}
