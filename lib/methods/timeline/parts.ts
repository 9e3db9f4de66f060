import type { Basis, Part } from "../../estimate_type.ts";
import type { LiveTensors } from "../../step/live.ts";
import type { PartName } from "../../step/parts.ts";
import { PARTS } from "../../step/parts.ts";
import { formatBytes } from "../../units/mod.ts";

/** How each part is known, where not derived from the code that runs. */
const BASES: Partial<Record<PartName, Basis>> = {
  weights: "exact",
  adapters: "exact",
  buffers: "exact",
  gradients: "exact",
};

/** Tensors that a part's formula names; the rest is summed up. */
const NAMED = 4;

/** The parts that stand at an instant; they sum exactly to its bytes. */
export function partsOf(live: readonly LiveTensors[]): Part[] {
  return PARTS.flatMap((name) => {
    const own = live.filter(({ part }) => part === name);
    const bytes = own.reduce((sum, each) => sum + each.bytes, 0);
    if (bytes === 0) return [];
    return [{
      name,
      bytes,
      formula: formulaOf(own),
      basis: BASES[name] ?? "derived",
    }];
  });
}

/** The largest tensors of a part: "32 × 43.0 MiB MLP gate". */
function formulaOf(tensors: readonly LiveTensors[]): string {
  const named = tensors.slice(0, NAMED).map(({ label, count, bytes }) =>
    count > 1
      ? `${count} × ${formatBytes(bytes / count)} ${label}`
      : `${formatBytes(bytes)} ${label}`
  );
  const rest = tensors.slice(NAMED);
  const more = rest.reduce((sum, { bytes }) => sum + bytes, 0);
  return rest.length === 0
    ? named.join(" + ")
    : `${named.join(" + ")} + ${formatBytes(more)} of ${rest.length} more`;
}
