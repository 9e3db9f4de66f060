import type { PartName } from "./parts.ts";

/** The phases of a training step; the last two come between two steps. */
export type PhaseName =
  | "rollout"
  | "forward"
  | "backward"
  | "optimizer"
  | "evaluation"
  | "saving";

/** Phases that come between two steps. */
export const BETWEEN_STEPS: ReadonlySet<unknown> = new Set<PhaseName>([
  "evaluation",
  "saving",
]);

/** Passes without gradients beside the one that learns. */
export const SIDE_PASSES = [
  "old_logprobs",
  "reference",
  "kl",
  "teacher",
  "critic",
  "generation",
  "evaluation",
  "saving",
] as const;

export type SidePassName = typeof SIDE_PASSES[number];

/** What runs: a layer's number from 0, or what stands around the layers. */
export type At =
  | number
  | "vision"
  | "encoder"
  | "embeddings"
  | "head"
  | "optimizer"
  | SidePassName;

/** What stands at a moment of the step. */
export interface CurvePoint {
  readonly phase: PhaseName;
  readonly at: At;
  readonly bytes: number;
  /** Bytes of each of {@linkcode Curve.parts}, in their order. */
  readonly stack: readonly number[];
}

/** Memory over a training step, as PyTorch counts it. */
export interface Curve {
  /** The parts that stand at any point. */
  readonly parts: readonly PartName[];
  /**
   * In order of time; each stretch's highest point and its end, of more than
   * 1,000 stretches some.
   */
  readonly points: readonly CurvePoint[];
}
