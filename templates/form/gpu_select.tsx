import type { Gpu } from "../../lib/mod.ts";
import { findGpu, GIB, GPUS } from "../../lib/mod.ts";

const GROUPS = Map.groupBy(
  GPUS,
  (gpu: Gpu) => `${gpu.vendor} ${gpu.class}`,
);

/** The choice of a GPU by maker and class, with its usable memory. */
export function GpuSelect(
  { common, chosen }: {
    common: Record<string, string>;
    chosen: string;
  },
) {
  const own = findGpu(chosen)?.name;
  return (
    <select {...common}>
      {own === undefined && <option value={chosen} selected>{chosen}</option>}
      {[...GROUPS].map(([title, gpus]) => (
        <optgroup label={title}>
          {gpus.map((gpu) => (
            <option value={gpu.name} selected={gpu.name === own}>
              {gpu.name} · {(gpu.usable_bytes / GIB).toFixed(1)} GiB
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}
