import { ScenarioError } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";

/** A property of scenarios but those whose mesh Megatron refuses. */
export function unlessRefused(property: (input: ScenarioInput) => void) {
  return (input: ScenarioInput): void => {
    try {
      property(input);
    } catch (error) {
      const refused = error instanceof ScenarioError &&
        input.engine?.name === "megatron" &&
        error.message.startsWith("parallel.");
      if (!refused) throw error;
    }
  };
}
