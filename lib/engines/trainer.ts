import type { Scenario } from "../scenario/schema.ts";
import { driverOf } from "./driver.ts";

/** Whether HF's Trainer, or what drives engines as it does, loads and saves. */
export function isTrainer(
  { scenario }: { readonly scenario: Scenario },
): boolean {
  return scenario.software.model_code === "transformers" &&
    [null, "accelerate", "transformers", "deepspeed"].includes(
      driverOf(scenario),
    ) && scenario.engine.name !== "megatron";
}
