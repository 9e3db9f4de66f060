import type { AttentionPlan } from "../play/layers/attention_plan.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";

/** The projections of heads that a layer may hold. */
export interface OwnProjections {
  readonly qkv: AdaptedLinear | null;
  readonly q: AdaptedLinear | null;
  readonly k: AdaptedLinear | null;
  readonly v: AdaptedLinear | null;
}

/**
 * How a layer makes its heads: keys that have no values beside them are the values
 * as well, and queries alone ask for an earlier layer's; null of no attention.
 *
 * @param handsHeads Whether the type's layers hand keys and values on.
 */
export function projectionsOf(
  { qkv, q, k, v }: OwnProjections,
  handsHeads: boolean,
): Pick<AttentionPlan, "projections" | "keysAreValues"> | null {
  if (q && k && (v || handsHeads)) {
    return { projections: { q, k, v: v ?? k }, keysAreValues: v === null };
  }
  if (qkv) return { projections: { qkv } };
  return q && handsHeads ? { projections: { asks: q } } : null;
}
