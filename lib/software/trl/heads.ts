import type { Scenario } from "../../scenario/schema.ts";
import { isFrom } from "../../scenario/version.ts";

/**
 * Whether TRL's trainers make no logits: `add_fused_lm_head` came with 1.15. One
 * that is not said is the newest.
 */
export function fusesHead({ software }: Pick<Scenario, "software">): boolean {
  return isFrom(software.trl, [1, 15]);
}
