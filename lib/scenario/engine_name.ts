import type { Scenario } from "./schema.ts";

/** The engine that spreads a scenario over its GPUs; null where there is but one. */
export function spreadBy(
  { engine, parallel }: Pick<Scenario, "engine" | "parallel">,
): Exclude<Scenario["engine"]["name"], "auto"> | null {
  if (parallel.gpus === 1) return null;
  if (engine.name !== "auto") return engine.name;
  return engine.zero_stage > 0 ? "deepspeed" : "ddp";
}
