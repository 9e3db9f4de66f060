import type { Setting } from "./setting.ts";

/**
 * How a mixer runs: in one kernel after its input projection (Mamba), in the same
 * scan with modules before it (Jamba), with heads, in one function (Mamba-2), by
 * a gated delta rule behind a convolution (Qwen3-Next), by one whose decays are of
 * channels (Kimi Linear), or by a short convolution alone (LFM2).
 */
export type StateSpaceKind =
  | "inner"
  | "open"
  | "headed"
  | "delta"
  | "channel delta"
  | "convolution";

/** How a type's state spaces run. */
export interface StateSpaceCode {
  readonly kind: StateSpaceKind;
  /** Whether time steps, B and C are normed within the kernel. */
  readonly norms: boolean;
  readonly groups: Setting;
  /** Heads of a delta rule's queries and keys. */
  readonly keyHeads: Setting;
  readonly chunk: Setting;
  /** Whether a delta rule's betas go up to 2 where the config does not deny it. */
  readonly doublesBetas: boolean;
  /** Whether what it reads, and its projection, are multiplied: Falcon-H1. */
  readonly isMultiplied: boolean;
  /** Whether the residual is in fp32 where the config does not deny it. */
  readonly wideResidual: boolean;
  /** Whether the code casts the logits to fp32 itself. */
  readonly castsLogits: boolean;
}

/** A kind of mixer with what is usual of it. */
export function mixing(
  kind: StateSpaceKind,
  stated: Partial<StateSpaceCode> = {},
): StateSpaceCode {
  return {
    kind,
    norms: false,
    groups: [["mamba_n_groups"], 1],
    keyHeads: [["linear_num_key_heads"], 16],
    chunk: [["mamba_chunk_size"], 256],
    doublesBetas: false,
    isMultiplied: false,
    wideResidual: false,
    castsLogits: false,
    ...stated,
  };
}
