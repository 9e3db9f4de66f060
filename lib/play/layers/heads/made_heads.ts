import type { Machine, Value } from "../../torch/machine.ts";
import type { Heads } from "../../torch/ops/attention/types.ts";
import type { RotaryTable } from "../../torch/ops/rotary.ts";
import type { AttentionPlan } from "../attention_layer.ts";

/** Queries, keys and values as the attention kernel gets them. */
export interface MadeHeads {
  readonly heads: readonly [Value, Value, Value];
  readonly sizes: Heads;
  /** Whether heads, and so what the kernel gives, lie head by head. */
  readonly byHead: boolean;
}

/** Makes queries, keys and values of normed hidden states. */
export type HeadMaker = (
  m: Machine,
  x: Value,
  plan: AttentionPlan,
  table: RotaryTable | null,
) => MadeHeads;
