import type { Host, Paged, Part } from "../../answer/estimate.ts";
import type { HostPart } from "../../engines/engine.ts";
import type { Step } from "../../engines/step.ts";
import { formatBytes } from "../../units/mod.ts";

/** What a node's memory holds for its ranks, of what they offload. */
export function hostOf(step: Step, paged?: Paged): Host {
  const { parallel } = step.scenario;
  const ranks = Math.min(parallel.gpus, parallel.gpus_per_node);
  const kept = [...step.host ?? [], ...beside(step, paged)]
    .filter(({ bytes }) => bytes > 0);
  if (kept.length === 0) return { peak_bytes: null };
  const names = [...new Set(kept.map(({ name }) => name))];
  const all = (parts: readonly { readonly bytes: number }[]) =>
    ranks * parts.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    peak_bytes: all(kept),
    pinned_bytes: all(kept.filter(({ pinned }) => pinned)),
    parts: names.map((name): Part => {
      const own = kept.filter((each) => each.name === name);
      const sum = own.map(({ bytes, label }) =>
        `${formatBytes(bytes)} ${label}`
      ).join(" + ");
      return {
        name,
        bytes: all(own),
        formula: ranks === 1
          ? sum
          : `${ranks} GPUs × ${own.length > 1 ? `(${sum})` : sum}`,
        basis: "derived",
      };
    }),
  };
}

/** Checkpoints, and pages that have no room on the device. */
function beside(
  { hostBytes }: Step,
  paged?: Paged,
): (Omit<HostPart, "name"> & { name: string })[] {
  return [
    {
      name: "checkpoints",
      label: "checkpoints of the forward pass",
      bytes: hostBytes,
      pinned: true,
    },
    {
      name: paged?.name ?? "",
      label: "pages of optimizer states",
      bytes: paged?.host_bytes ?? 0,
      pinned: false,
    },
  ];
}
