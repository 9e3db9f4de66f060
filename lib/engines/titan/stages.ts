import type { Scenario } from "../../scenario/schema.ts";
import type { Chunk } from "./record.ts";

/** How a model is cut into a pipeline's stages. */
export interface Staging {
  readonly layers: number;
  readonly pp: number;
  /** Stages of each rank. */
  readonly each: number;
  /** Layers that later stages begin with; null: as torchtitan shares them out. */
  readonly splits: readonly number[] | null;
}

/** Reads where stages begin of names such as "layers.8"; null of another name. */
export function splitsOf(
  { split_points: names }: Scenario["parallel"],
): readonly number[] | null | "unclear" {
  if (names === null) return null;
  const splits = names.map((name) => /^layers\.(\d+)$/.exec(name)?.[1]);
  return splits.every((each) => each !== undefined)
    ? splits.map(Number)
    : "unclear";
}

/**
 * Where stages begin: embeddings and head count as a layer each, and the first
 * stages get those that are left over.
 *
 * Source: pytorch/torchtitan 0.1.0 torchtitan/distributed/pipeline.py,
 * generate_split_points
 */
export function sharedOut({ layers, pp, each }: Staging): number[] {
  const stages = pp * each;
  const size = Math.floor((layers + 2) / stages);
  const extra = (layers + 2) % stages;
  return Array.from(
    { length: stages - 1 },
    (_, at) => size * (at + 1) - 1 + Math.min(at + 1, extra),
  );
}

/** The chunks of a rank: every so many stages one. */
export function chunksOf(staging: Staging, rank: number): Chunk[] {
  const { layers, pp, each, splits } = staging;
  const begins = [0, ...splits ?? sharedOut(staging), layers];
  return Array.from({ length: each }, (_, at): Chunk => {
    const stage = rank + at * pp;
    const [from = 0, to = 0] = begins.slice(stage, stage + 2);
    return {
      first: stage === 0,
      last: stage === pp * each - 1,
      layers: Array.from({ length: to - from }, (_, at) => from + at),
    };
  });
}
