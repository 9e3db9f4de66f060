import type { Parameter, Value } from "../torch/values.ts";
import type { ActivationKind } from "../torch/ops/activations.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import type { ParameterAdapter } from "../torch/ops/adapted_parameter.ts";
import type { Packed } from "../torch/ops/linear.ts";

/** How a release of transformers runs its experts. */
export type ExpertCode =
  /** 5 with torch from 2.9: all experts in one grouped product. */
  | "grouped"
  /** 5 before: one after the other, each a slice of one parameter. */
  | "slices"
  /** 4: one after the other, each with linear layers of its own. */
  | "linears";

/** The matrices of all experts, in one parameter. */
export interface Fused {
  readonly weight: Parameter | Packed;
  readonly adapter: ParameterAdapter | null;
  /** A row of numbers for each expert. */
  readonly bias: Parameter | null;
}

/** The layers of one expert of transformers 4. */
export interface ExpertLinears {
  readonly gate: AdaptedLinear;
  readonly up: AdaptedLinear;
  readonly down: AdaptedLinear;
}

/** How rows reach the rank that has their expert. */
export interface Dispatch {
  /** Over how many ranks. */
  readonly ranks: number;
  /** Whether FSDP casts the module's inputs: weights lose their fp32. */
  readonly narrows: boolean;
}

/** Routed experts. */
export interface ExpertsPlan {
  readonly experts: number;
  readonly perToken: number;
  readonly hidden: number;
  readonly width: number;
  /** Gate and up side by side, or up alone. */
  readonly gateUp: Fused;
  readonly down: Fused;
  /** Each expert's own layers where the code has them. */
  readonly linears: readonly ExpertLinears[] | null;
  /** Whether each then takes its rows of all that were repeated for each choice. */
  readonly repeatsRows?: boolean;
  /** Gate and up side by side, or one after the other and cut off, or up alone. */
  readonly gate: "halves" | "clamped" | "none";
  readonly activation: ActivationKind;
  readonly code: ExpertCode;
  /** Whether every row runs through every expert, most times nought: Llama 4. */
  readonly everywhere: boolean;
  /** How rows are sent where ranks share them, and these are one's; else null. */
  readonly dispatched: Dispatch | null;
}

/** A matrix of an expert or of all, as their code reads it. */
export type Matrix = Packed | Parameter | (() => Value);
