import type { Scenario } from "../../scenario/schema.ts";

/** Why a scenario has no step that is played through; null when it has. */
export function uncoveredBy({ task }: Scenario): string | null {
  return task === "serve" ? "serving has no training step" : null;
}
