import type { Scenario } from "../scenario/schema.ts";
import { formatBytes } from "../units/mod.ts";
import type { Gpu } from "./gpus.ts";
import { gpuOf, GPUS_BY_MEMORY, usableBytes } from "./gpus.ts";

/**
 * Whether a GPU can hold the peak: all of it but paged optimizer states, which
 * move to the host when they have to.
 */
export interface Fit {
  gpu: string;
  usable_bytes: number;
  fits: boolean;
  headroom_bytes: number;
  /** Peak as a share of the usable memory. */
  utilization: number;
  /** Bytes of paged optimizer states that would move to the host; absent without. */
  moves_to_host_bytes?: number;
}

/**
 * Whether a GPU can hold the peak: all of it but paged optimizer states, which
 * move to the host when they have to.
 */
export interface Fit {
  gpu: string;
  usable_bytes: number;
  fits: boolean;
  headroom_bytes: number;
  /** Peak as a share of the usable memory. */
  utilization: number;
  /** Bytes of paged optimizer states that would move to the host; absent without. */
  moves_to_host_bytes?: number;
}

/** A GPU is not planned fuller than this share of its memory... */
export const COMFORTABLE = 0.75;
/** ...or at most this one: the 75-80 % rule of the calculators. */
export const RECOMMENDED = 0.8;

/** A size of memory that GPUs are bought in. */
export interface Tier {
  /** The label of the class. */
  name: string;
  /** The GPU whose usable memory stands for the class. */
  gpu: string;
  usable_bytes: number;
}

/** The calculators' six classes of memory, least first. */
export const TIERS: readonly Tier[] = [
  ["16 GB", "RTX 4080"],
  ["24 GB", "RTX 4090"],
  ["40 GB", "A100-40GB"],
  ["48 GB", "L40S"],
  ["80 GB", "A100-80GB"],
  ["141 GB", "H200"],
].map(([name = "", gpu = ""]) => ({
  name,
  gpu,
  usable_bytes: usableBytes(gpu),
}));

/** How full a GPU would be. */
export type Fullness = "comfortable" | "recommended" | "tight" | "over";

/** Judges a share of a GPU's memory by the 75-80 % rule. */
export function fullness(utilization: number): Fullness {
  if (utilization > 1) return "over";
  if (utilization > RECOMMENDED) return "tight";
  return utilization > COMFORTABLE ? "recommended" : "comfortable";
}

/** What a GPU has to hold: its peak without pages that give way. */
export function heldBytes(
  { device_peak_bytes, paged }: {
    device_peak_bytes: number;
    paged?: { device_bytes: number };
  },
): number {
  return device_peak_bytes - (paged?.device_bytes ?? 0);
}

/**
 * Sets a peak against the scenario's own GPU, then against every GPU of the
 * catalogue, least memory first.
 *
 * @param peakBytes What the scenario's own GPU has to hold.
 * @param pagedBytes What may lie beside it, and moves to the host where there is
 *   no room; null where nothing does.
 * @param heldOn What another GPU has to hold; the same where it is left out.
 */
export function fitOf(
  peakBytes: number,
  chosen: Scenario["hardware"]["gpu"],
  pagedBytes: number | null = null,
  heldOn: (gpu: Gpu) => number = () => peakBytes,
): Fit[] {
  const own = gpuOf(chosen);
  const fits = [
    against(
      peakBytes,
      pagedBytes,
      own?.name ?? customName(usableBytes(chosen)),
      usableBytes(chosen),
    ),
  ];
  for (const gpu of GPUS_BY_MEMORY) {
    if (gpu === own) continue;
    fits.push(
      against(heldOn(gpu), pagedBytes, gpu.name, gpu.usable_bytes),
    );
  }
  return fits;
}

/** The least of {@linkcode TIERS} that keeps the peak within the rule. */
export function tierFor(peakBytes: number): Tier | null {
  return TIERS.find((tier) => peakBytes <= RECOMMENDED * tier.usable_bytes) ??
    null;
}

function against(
  peakBytes: number,
  pagedBytes: number | null,
  gpu: string,
  usable: number,
): Fit {
  const room = Math.max(0, usable - peakBytes);
  return {
    gpu,
    usable_bytes: usable,
    fits: peakBytes <= usable,
    headroom_bytes: usable - peakBytes,
    utilization: peakBytes / usable,
    ...(pagedBytes === null
      ? {}
      : { moves_to_host_bytes: Math.max(0, pagedBytes - room) }),
  };
}

/** What a GPU of a memory of the user's own is called. */
export function customName(usable: number): string {
  return `GPU with ${formatBytes(usable)}`;
}
