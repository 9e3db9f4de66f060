import type { DeviceShare } from "../../answer/serving.ts";
import type { AskedVllm } from "./asked.ts";
import { bytesOn } from "./pool.ts";
import type { VllmStart } from "./startup.ts";
import { residentBytes } from "./budget.ts";

/** What lies on the first GPU of each stage; the others of a stage hold the same. */
export function devicesOf(
  { question: { mesh } }: AskedVllm,
  { plan, pool }: VllmStart,
): DeviceShare[] {
  return plan.stages.map((held, stage): DeviceShare => {
    const cached = pool.bytes[stage] ?? 0;
    const states = cached * statesShare(plan.pool, stage);
    return {
      device: `GPU ${stage * mesh.tp}`,
      weights_bytes: held.loaded.parameters,
      kv_bytes: Math.round(cached - states),
      state_bytes: Math.round(states),
      compute_bytes: held.transient,
      total_bytes: plan.outside + plan.kernels + residentBytes(held) +
        held.transient + held.graphs + cached,
    };
  });
}

/** The share of a pool that holds states alone: all of it, or none that can be told. */
function statesShare(pool: VllmStart["plan"]["pool"], stage: number): number {
  const held = pool?.stages[stage];
  if (!pool || !held) return 0;
  const hasCaches = pool.groups.some(({ spec, shares }) =>
    spec.kind !== "state" && shares.some((share) => bytesOn(held, share) > 0)
  );
  return hasCaches ? 0 : 1;
}
