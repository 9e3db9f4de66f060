import { GPUS_BY_MEMORY } from "../../hardware/gpus.ts";
import type { Gpu } from "../../hardware/gpus.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { changesFrom } from "../../scenario/walk.ts";

/** A way to lay a scenario out over GPUs, and what the most loaded one holds. */
export interface GpuLayout {
  /** The fields that differ from the scenario's, by dotted path. */
  readonly set: Readonly<Record<string, unknown>>;
  /**
   * What the most loaded GPU has to hold, in bytes: when training the device's peak,
   * pages that give way left out, when serving all but the room in an engine's pool
   * that nobody asked for; null where the layout cannot be played.
   */
  readonly peak_bytes: number | null;
  /** Whether the scenario's GPU holds that; null likewise. */
  readonly fits: boolean | null;
  /**
   * The GPU with the least memory that surely does, without its allocator having to
   * give back what it caches; null where none does.
   */
  readonly smallest_gpu: string | null;
  /** Why it cannot be played; null where it can. */
  readonly reason: string | null;
  /** When serving: whole models beside one another, each with a part of the GPUs. */
  readonly replicas?: number;
  /** When serving: tokens that all their caches hold together; null if unbounded. */
  readonly kv_tokens?: number | null;
}

/** The layouts of a number of GPUs. */
export interface GpuLayouts {
  /** Those that can be played, least bytes first, then why others cannot. */
  readonly rows: readonly GpuLayout[];
  /** How many more there are, which were not played: that would take too long. */
  readonly left_out: number;
  /** Where to go on with those; null where there are none. */
  readonly next: number | null;
}

/** Which layouts are tried. */
export interface LayoutsAsked {
  /** How many there are, of those that can be, before the first that is tried. */
  readonly from?: number;
  /** About how much is played at most: acts and events, over all layouts. */
  readonly mostWork?: number;
}

/** A layout that was played. */
export type PlayedLayout = GpuLayout & { readonly peak_bytes: number };

/** What is asked for, with how far the answer is. */
export type TryingLayouts = Generator<LayoutProgress, GpuLayouts>;

/** How many layouts have been tried, of how many. */
export interface LayoutProgress {
  readonly tried: number;
  readonly of: number;
}

/** A layout that cannot be. */
export function refusedLayout(
  scenario: Scenario,
  laidOut: Scenario,
  reason: string,
): GpuLayout {
  return {
    set: setOf(scenario, laidOut),
    peak_bytes: null,
    fits: null,
    smallest_gpu: null,
    reason,
  };
}

/** The fields of a layout that differ from the scenario's. */
export function setOf(
  scenario: Scenario,
  laidOut: Scenario,
): GpuLayout["set"] {
  return Object.fromEntries(
    changesFrom(scenario, laidOut).map(({ path, value }) => [path, value]),
  );
}

/** Played layouts, least bytes first, then why others cannot be. */
export function inOrder(
  played: readonly PlayedLayout[],
  refused: Iterable<GpuLayout>,
): GpuLayout[] {
  return [
    ...played.toSorted((a, b) => a.peak_bytes - b.peak_bytes),
    ...refused,
  ];
}

/** Layouts of which some may be left. */
export function pieceOf(
  rows: readonly GpuLayout[],
  tried: number,
  of: number,
): GpuLayouts {
  const left = Math.max(0, of - tried);
  return { rows, left_out: left, next: left > 0 ? tried : null };
}

/**
 * The GPU of the catalogue with the least memory that holds something.
 *
 * @param bytes What it has to hold at least: smaller ones are not tried.
 * @param holds Whether a GPU does.
 */
export function smallestGpu(
  bytes: number,
  holds: (gpu: Gpu) => boolean,
): string | null {
  return GPUS_BY_MEMORY.find((gpu) => gpu.usable_bytes >= bytes && holds(gpu))
    ?.name ?? null;
}
