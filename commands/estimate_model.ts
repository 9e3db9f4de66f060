import { estimateOnHub } from "../hub/estimate.ts";
import type { Hub, LookUpOptions } from "../hub/mod.ts";
import type { Estimate, Result, Wanted } from "../lib/mod.ts";
import { estimateScenario, parseScenario } from "../lib/mod.ts";
import { withLocalModel } from "./local_model.ts";

/**
 * Estimates a Scenario whose model may be on a disk, in the catalogue or on the
 * Hub, in this order.
 *
 * @param input A Scenario, still unchecked.
 */
export async function estimateModel(
  input: unknown,
  hub: Hub | null,
  options: LookUpOptions & Wanted = {},
): Promise<Result<Estimate>> {
  const local = await withLocalModel(input, options);
  if (!local.ok) return local;
  const { input: described, model } = local.value;
  if (!model) return await estimateOnHub(described, hub, options);
  const parsed = parseScenario(described);
  return parsed.ok ? estimateScenario(parsed.value, model, options) : parsed;
}
