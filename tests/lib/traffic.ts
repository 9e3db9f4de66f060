import { assert, assertEquals } from "@std/assert";
import type { Flow, ScenarioInput, Traffic } from "../../lib/mod.ts";
import { estimateScenario, parseScenario } from "../../lib/mod.ts";
import { assertOk } from "./results.ts";

export const LLAMA = "meta-llama/Llama-2-7b-hf";
/** Parameters of Llama-2-7B, and bytes of all of them in bf16. */
export const PSI = 6_738_415_616;
export const BF16 = 2 * PSI;
export const LAYERS = 32;
export const WIDTH = 4096;

export function traffic(
  input: Omit<ScenarioInput, "model">,
  model = LLAMA,
): Traffic {
  const parsed = parseScenario({ model, ...input });
  assertOk(parsed);
  const result = estimateScenario(parsed.value, undefined, { traffic: true });
  assertOk(result);
  assert(result.value.traffic);
  return result.value.traffic;
}

/** The one flow whose words begin so. */
export function flow(of: Traffic, what: string, collective?: string): Flow {
  const found = of.flows.filter((each) =>
    each.what.startsWith(what) &&
    (collective === undefined || each.collective === collective)
  );
  assertEquals(found.length, 1, `${what}: ${JSON.stringify(of.flows)}`);
  return found[0] as Flow;
}
