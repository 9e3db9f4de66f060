import type { Host, Paged, Part } from "../../answer/estimate.ts";
import {
  loadedOnHost,
  savedFromHost,
} from "../../engines/checkpoints_on_host.ts";
import type { HostMoment } from "../../engines/checkpoints_on_host.ts";
import type { HostPart } from "../../engines/engine.ts";
import type { Step } from "../../engines/step.ts";
import { formatBytes } from "../../units/mod.ts";

/** A share of a node's memory: of so many ranks the same. */
interface Kept extends Omit<HostPart, "name"> {
  readonly name: string;
  readonly ranks: number;
}

/**
 * What a node's memory holds for its ranks: what they offload, and on the node of
 * the first rank, where that is more, what is loaded or saved.
 */
export function hostOf(step: Step, paged?: Paged): Host {
  const { parallel } = step.scenario;
  const ranks = Math.min(parallel.gpus, parallel.gpus_per_node);
  const training = [...step.host ?? [], ...beside(step, paged)]
    .filter(({ bytes }) => bytes > 0)
    .map((each): Kept => ({ ...each, ranks }));
  const loading = keptIn(loadedOnHost(step));
  const saved = keptIn(savedFromHost(step));
  const saving = saved.length > 0 ? [...training, ...saved] : [];
  const moments = [training, loading, saving];
  const most = moments.reduce((best, each) =>
    sumOf(each) > sumOf(best) ? each : best
  );
  if (most.length === 0) return { peak_bytes: null };
  return {
    peak_bytes: sumOf(most),
    pinned_bytes: sumOf(training.filter(({ pinned }) => pinned)),
    parts: partsOf(most),
    ...(loading.length + saving.length > 0
      ? {
        moments: {
          loading: sumOf(loading),
          training: sumOf(training),
          saving: sumOf(saving.length > 0 ? saving : training),
        },
      }
      : {}),
  };
}

function keptIn(moment: HostMoment | null): Kept[] {
  return moment === null
    ? []
    : moment.parts.map((each) => ({ ...each, ranks: moment.ranks }));
}

function sumOf(parts: readonly Kept[]): number {
  return parts.reduce((sum, { ranks, bytes }) => sum + ranks * bytes, 0);
}

/** Parts by their names, and by how many ranks have them. */
function partsOf(kept: readonly Kept[]): Part[] {
  const alike = Map.groupBy(kept, ({ name, ranks }) => `${ranks} ${name}`);
  return [...alike.values()].map((own): Part => {
    const { name = "", ranks = 1 } = own[0] ?? {};
    const sum = own.map(({ bytes, label }) => `${formatBytes(bytes)} ${label}`)
      .join(" + ");
    return {
      name,
      bytes: sumOf(own),
      formula: ranks === 1
        ? sum
        : `${ranks} GPUs × ${own.length > 1 ? `(${sum})` : sum}`,
      basis: "derived",
    };
  });
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
