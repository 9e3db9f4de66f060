import type { Scenario } from "../../../../scenario/schema.ts";

/**
 * Whether bitsandbytes' optimizers step what an engine shards: not FSDP's shards,
 * whose states cannot be gathered, and which are DTensors in FSDP2.
 *
 * Source: bitsandbytes-foundation/bitsandbytes issues 89 and 1633
 */
export function takesBitsandbytes({ engine }: Scenario): boolean {
  return !engine.name.startsWith("fsdp") && engine.name !== "megatron";
}
