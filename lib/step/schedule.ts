import type { Segment } from "./block.ts";
import type { Pass } from "./pass.ts";

/** The phases of a training step. */
export type PhaseName = "forward" | "backward" | "optimizer";

/** A stretch of the step: one block's share of a phase. */
export interface Stretch {
  readonly phase: PhaseName;
  readonly segment: Segment;
  /** What runs: a layer's number, or what stands before or after the layers. */
  readonly at: number | "embeddings" | "head" | "optimizer";
}

/** The stretches of a pass, in order. */
export function passStretches({ embedding, layers, head }: Pass): Stretch[] {
  const stretch = (
    phase: PhaseName,
    segment: Segment,
    at: Stretch["at"],
  ): Stretch => ({ phase, segment, at });
  const backwards = layers.map(({ backward }, at) =>
    stretch("backward", backward, at)
  ).reverse();
  return [
    stretch("forward", embedding.forward, "embeddings"),
    ...layers.map(({ forward }, at) => stretch("forward", forward, at)),
    stretch("forward", head.forward, "head"),
    ...layers.map(({ exit }, at) => stretch("forward", exit, at)),
    stretch("forward", head.exit, "head"),
    stretch("forward", head.dropped, "head"),
    stretch("backward", head.backward, "head"),
    ...backwards,
    stretch("backward", embedding.backward, "embeddings"),
  ].filter(({ segment }) => segment.to > segment.from);
}
