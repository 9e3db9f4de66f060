import type { Fit } from "../hardware/fit.ts";
import { customName } from "../hardware/fit.ts";
import { gpuOf, GPUS_BY_MEMORY, usableBytes } from "../hardware/gpus.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Served, ServingGpu } from "../serve/engine.ts";

/**
 * Whether an engine serves the same on the scenario's own GPU, then on every GPU of
 * the catalogue, least memory first.
 */
export function servedFits(
  served: Served,
  chosen: Scenario["hardware"]["gpu"],
): Fit[] {
  const own = gpuOf(chosen);
  const usable = usableBytes(chosen);
  const others = GPUS_BY_MEMORY.filter((gpu) => gpu !== own).map((gpu) =>
    fitOn(served, gpu.name, { usable: gpu.usable_bytes, gpu })
  );
  return [
    fitOn(served, own?.name ?? customName(usable), { usable, gpu: own }),
    ...others,
  ];
}

function fitOn(served: Served, name: string, gpu: ServingGpu): Fit {
  const { fits, headroom } = served.fitOn(gpu);
  return {
    gpu: name,
    usable_bytes: gpu.usable,
    fits,
    headroom_bytes: headroom,
    utilization: (gpu.usable - headroom) / gpu.usable,
  };
}
