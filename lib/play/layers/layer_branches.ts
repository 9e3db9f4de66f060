import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import { attentionLayer } from "./attention_layer.ts";
import type { AttentionPlan } from "./attention_plan.ts";
import type { BesidePlan } from "./beside_layer.ts";
import { besideLayer } from "./beside_layer.ts";
import type { LatentAttentionPlan } from "./latent_attention.ts";
import { latentAttention } from "./latent_attention.ts";
import type { MlpPlan } from "./mlp_layer.ts";
import { mlpLayer } from "./mlp_layer.ts";
import type { MoePlan } from "./moe_layer.ts";
import { moeLayer } from "./moe_layer.ts";

/** Attention over normed hidden states, of whatever form. */
export function attended(
  m: Machine,
  x: Value,
  plan: AttentionPlan | LatentAttentionPlan,
  table: RotaryTable | null,
  held: Value[],
): Value {
  return "kvDown" in plan
    ? latentAttention(m, x, plan, table, held)
    : attentionLayer(m, x, plan, table, held);
}

/** A network over normed hidden states, of whatever form. */
export function feedForward(
  m: Machine,
  x: Value,
  rows: number,
  plan: MlpPlan | MoePlan | BesidePlan,
  residual: Value,
): Value {
  if ("before" in plan) return besideLayer(m, x, residual, rows, plan);
  return "experts" in plan
    ? moeLayer(m, x, rows, plan)
    : mlpLayer(m, x, rows, plan);
}

/** A norm whose activations count as norms'. */
export function normed(m: Machine, x: Value, rows: number, own: Norm): Value {
  return m.within("norm activations", () => norm(m, x, rows, own, "norm"));
}
