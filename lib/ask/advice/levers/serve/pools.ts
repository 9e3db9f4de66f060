import type { Scenario } from "../../../../scenario/schema.ts";

/** Engines that fill a share of a GPU with their cache before anybody asks. */
const POOLED: ReadonlySet<Scenario["serve"]["engine"]> = new Set([
  "vllm",
  "sglang",
  "tgi",
  "tensorrt-llm",
]);

/** Whether an engine takes its cache up front. */
export function hasPool({ serve }: Scenario): boolean {
  return POOLED.has(serve.engine);
}
