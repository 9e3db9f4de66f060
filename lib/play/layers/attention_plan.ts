import type { Differential } from "./differential_attention.ts";
import type { Kernels } from "../torch/kernels.ts";
import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import type { AttentionSettings, Heads } from "../torch/ops/attention/types.ts";
import type { Norm } from "../torch/ops/norms.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import type { HeadKeeper } from "./kept_heads.ts";
import type { FusedLayout } from "../../models/families/code/attention.ts";

/** Attention with a projection for each of q, k and v, or one for all. */
export interface AttentionPlan {
  readonly projections:
    | { readonly qkv: AdaptedLinear }
    | {
      readonly q: AdaptedLinear;
      readonly k: AdaptedLinear;
      readonly v: AdaptedLinear;
    }
    /** Queries alone: keys and values are those of an earlier layer. */
    | { readonly asks: AdaptedLinear };
  readonly o: AdaptedLinear;
  readonly qNorm: Norm | null;
  readonly kNorm: Norm | null;
  /** Of values, where code norms them. */
  readonly vNorm?: Norm | null;
  /** What weighs two attentions against each other: DiffLlama. */
  readonly differs?: Differential | null;
  /** Of what its last projection reads: BitNet. */
  readonly oNorm?: Norm | null;
  /** Whether what keys are made of is normed as values as well. */
  readonly keysAreValues?: boolean;
  /** Whether those norm heads that were turned already: Hunyuan. */
  readonly normsTurned: boolean;
  /** Whether queries are normed before keys are made: Qwen3, OLMo 2. */
  readonly normsEach?: boolean;
  /** Whether the code refers to heads as they were before they were turned. */
  readonly holdsUnturned?: boolean;
  /** Whether queries come with a gate of what each head gives. */
  readonly isGated?: boolean;
  /** What makes such a gate of what attention reads, by itself: Trinity. */
  readonly gate?: AdaptedLinear | null;
  /** Whether keys are multiplied by a number. */
  readonly scalesKeys?: boolean;
  readonly heads: Heads;
  readonly rotary: "whole" | "part" | "halves" | "none";
  readonly rotaryShare: number;
  /** Whether cosines and sines are repeated for this layer. */
  readonly repeatedTables: boolean;
  /** Whether they are turned in part, token by token: GPT-J. */
  readonly turnsByToken: boolean;
  /** Whether heads are turned in fp32. */
  readonly wideRotary: boolean;
  /** How a fused projection is cut. */
  readonly fused: FusedLayout;
  /** Whether keys and values, and what they are views of, are given back. */
  readonly cached: boolean;
  readonly settings: AttentionSettings;
  /** The code that makes the heads. */
  readonly makeHeads: HeadMaker;
  readonly kernels: Kernels;
  /** What keeps keys and values between tokens; nothing where it is left out. */
  readonly keeper?: HeadKeeper | null;
  /** Hands keys and values on to later layers; nothing where it is left out. */
  readonly gives?: HeadGiver | null;
  /** Has those of an earlier layer, where this one has queries alone. */
  readonly takes?: HeadTaker | null;
}

/** Hands a layer's keys and values on; the caller goes on holding them. */
export type HeadGiver = (m: Machine, keys: Value, values: Value) => void;

/** Keys and values of an earlier layer, which that one holds. */
export type HeadTaker = (m: Machine) => readonly [keys: Value, values: Value];

/** Queries, keys and values as the attention kernel gets them. */
export interface MadeHeads {
  readonly heads: readonly [Value, Value, Value];
  readonly sizes: Heads;
  /** Whether heads, and so what the kernel gives, lie head by head. */
  readonly byHead: boolean;
  /** What weighs the output, before its sigmoid. */
  readonly gate?: Value | null;
}

/** Makes queries, keys and values of normed hidden states. */
export type HeadMaker = (
  m: Machine,
  x: Value,
  plan: AttentionPlan,
  table: RotaryTable | null,
) => MadeHeads;
