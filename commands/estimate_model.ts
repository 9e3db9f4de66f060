import type { Resolved } from "../hub/estimate.ts";
import { resolveOnHub } from "../hub/estimate.ts";
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
  { traffic = false, ...options }: LookUpOptions & Wanted = {},
): Promise<Result<Estimate>> {
  const resolved = await resolveInput(input, hub, options);
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  return estimateScenario(scenario, model, { traffic });
}

/** Checks a Scenario and finds its model, as {@linkcode estimateModel} does. */
export async function resolveInput(
  input: unknown,
  hub: Hub | null,
  options: LookUpOptions = {},
): Promise<Result<Resolved>> {
  const local = await withLocalModel(input, options);
  if (!local.ok) return local;
  const { input: described, model } = local.value;
  if (!model) return await resolveOnHub(described, hub, options);
  const parsed = parseScenario(described);
  return parsed.ok
    ? { ok: true, value: { scenario: parsed.value, model } }
    : parsed;
}
