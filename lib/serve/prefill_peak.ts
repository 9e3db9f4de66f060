import type { Architecture } from "../models/architecture.ts";

/** Activations lie in 16 bits. */
const ELEMENT_BYTES = 2;

/**
 * What stands at once while a rank prefills so many tokens: the residual stream and
 * its norm, and the widest of attention, an MLP and the experts that tokens pick.
 *
 * No profile run is played: it is derived from the tensors of one layer, as
 * engines' own fused kernels make them (vllm-project/vllm
 * model_executor/layers/fused_moe/fused_moe.py has the experts' three blocks).
 */
export function prefillPeak(
  model: Architecture,
  tokens: number,
  tp: number,
): number {
  const { hidden_size, attention_heads, kv_heads, head_dim } = model;
  const attention = (2 * attention_heads + 2 * kv_heads) * head_dim / tp;
  const wide = model.gated_mlp ? 3 : 2;
  const mlp = wide * model.intermediate_size / tp;
  const experts = model.experts_per_token *
      (wide * model.expert_intermediate_size / tp + hidden_size) +
    wide * model.shared_expert_intermediate_size / tp;
  const widest = Math.max(attention, mlp, experts);
  return Math.ceil(tokens * ELEMENT_BYTES * (2 * hidden_size + widest));
}
