import type { Architecture } from "../../models/architecture.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { driverOf } from "../driver.ts";

/** The vocabulary of Llama 3, which is Llama's type too. */
const LLAMA_3_WORDS = 128_256;

/**
 * Whether torchtune shards embedding and output as units of their own: its recipes
 * of Llama 3's full training say so, others do not.
 *
 * Source: pytorch/torchtune recipes/configs/llama3_1/70B_full.yaml and its like,
 * custom_sharded_layers
 */
export function torchtuneCarves(
  scenario: Scenario,
  { type, vocab_size }: Pick<Architecture, "type" | "vocab_size">,
): boolean {
  return driverOf(scenario) === "torchtune" &&
    scenario.train.method === "full" && type === "llama" &&
    vocab_size === LLAMA_3_WORDS;
}
