import { gpuOf, usableBytes } from "../hardware/gpus.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Served } from "../serve/engine.ts";

/** What serving a scenario needs of its GPU. */
export interface ServedNeed {
  /** Whether the engine starts. */
  readonly starts: boolean;
  /** Whether it also holds all sequences that are asked for at once. */
  readonly fits: boolean;
  /** Bytes that the fullest GPU has to hold. */
  readonly bytes: number;
  /** Sequences of the scenario's length that it holds at once. */
  readonly sequences: number;
}

/**
 * What serving a scenario needs. An engine fills its pool whatever is asked of it:
 * what it needs is all beside the pool, and the cache of the sequences that are asked
 * for; or what it refuses to start without.
 */
export function servedNeed(
  { fitOn, device, serving, kv }: Served,
  scenario: Scenario,
): ServedNeed {
  const { gpu } = scenario.hardware;
  const usable = usableBytes(gpu);
  const { fits: starts, headroom } = fitOn({ usable, gpu: gpuOf(gpu) });
  const { kv_pool_bytes: pool } = serving;
  const sequences = kv.max_sequences ?? Infinity;
  return {
    starts,
    // Where there is no pool, what is asked for has its place or does not fit.
    fits: starts && (pool === null || sequences >= scenario.serve.batch),
    bytes: pool === null ? device : Math.max(
      device - pool + kv.bytes,
      starts ? 0 : usable - headroom,
    ),
    sequences,
  };
}
