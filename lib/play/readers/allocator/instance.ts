import type { Compiled } from "./stream.ts";

/** A block of a step and where its storages' memory is noted. */
export interface PoolInstance {
  readonly compiled: Compiled;
  /** The first of its own places in {@linkcode Player.memory}. */
  readonly base: number;
}

/** Memory that one block hands on to another, by their places. */
export interface Hand {
  readonly from: PoolInstance;
  readonly given: number;
  readonly to: PoolInstance;
  readonly taken: number;
}
