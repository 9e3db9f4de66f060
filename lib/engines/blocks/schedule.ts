import type { PhaseName, StepPlace } from "../../answer/curve.ts";
import type { Segment } from "../../play/record/block.ts";
import type { Pass } from "./pass.ts";

/** A stretch of the step: one block's share of a phase. */
export interface Stretch {
  readonly phase: PhaseName;
  readonly segment: Segment;
  /** What runs. */
  readonly at: StepPlace;
}

/** The stretches of a pass, in order. */
export function passStretches(
  { vision, encoder, embedding, layers, head }: Pass,
): Stretch[] {
  const stretch = (
    phase: PhaseName,
    segment: Segment,
    at: Stretch["at"],
  ): Stretch => ({ phase, segment, at });
  const backwards = layers.map(({ backward }, at) =>
    stretch("backward", backward, at)
  ).reverse();
  const seen = vision.map(({ backward }) =>
    stretch("backward", backward, "vision")
  ).reverse();
  const read = encoder.map(({ backward }) =>
    stretch("backward", backward, "encoder")
  ).reverse();
  return [
    ...vision.map(({ forward }) => stretch("forward", forward, "vision")),
    ...encoder.map(({ forward }) => stretch("forward", forward, "encoder")),
    ...encoder.flatMap(({ done }) =>
      done ? [stretch("forward", done, "encoder")] : []
    ),
    stretch("forward", embedding.forward, "embeddings"),
    ...layers.map(({ forward }, at) => stretch("forward", forward, at)),
    stretch("forward", head.body, "head"),
    ...[embedding, ...layers].flatMap(({ done }) =>
      done ? [stretch("forward", done, "embeddings")] : []
    ),
    stretch("forward", head.forward, "head"),
    ...vision.map(({ exit }) => stretch("forward", exit, "vision")),
    ...encoder.map(({ exit }) => stretch("forward", exit, "encoder")),
    stretch("forward", embedding.exit, "embeddings"),
    ...layers.map(({ exit }, at) => stretch("forward", exit, at)),
    stretch("forward", head.exit, "head"),
    stretch("forward", head.dropped, "head"),
    stretch("backward", head.backward, "head"),
    ...backwards,
    stretch("backward", embedding.backward, "embeddings"),
    ...read,
    ...seen,
  ].filter(({ segment }) => segment.to > segment.from);
}
