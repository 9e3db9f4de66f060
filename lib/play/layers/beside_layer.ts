import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { add } from "../torch/ops/arithmetic.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { ExpertsPlan } from "./expert_types.ts";
import { experts } from "./experts.ts";
import type { MlpPlan } from "./mlp_layer.ts";
import { mlpLayer } from "./mlp_layer.ts";
import type { RouterPlan } from "./router.ts";
import { routed } from "./router.ts";

/** Experts beside an MLP, which read the residual stream by a norm of their own. */
export interface BesidePlan {
  readonly mlp: MlpPlan;
  readonly router: RouterPlan;
  readonly network: ExpertsPlan;
  /** Of what the MLP gives. */
  readonly afterMlp: Norm;
  /** Of what the experts read, and of what they give. */
  readonly before: Norm;
  readonly after: Norm;
}

/**
 * An MLP of normed hidden states and experts of the residual stream, summed.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py,
 * Gemma4TextDecoderLayer.forward
 */
export function besideLayer(
  m: Machine,
  x: Value,
  residual: Value,
  rows: number,
  plan: BesidePlan,
): Value {
  return m.call(() => {
    const fed = mlpLayer(m, x, rows, plan.mlp);
    const normed = (value: Value, own: Norm) =>
      m.within("norm activations", () => norm(m, value, rows, own, "norm"));
    const own = normed(fed, plan.afterMlp);
    m.drop(fed);
    const chosen = m.within("expert activations", () => {
      const weights = routed(m, residual, rows, plan.router);
      const input = normed(residual, plan.before);
      const out = experts(m, input, weights, rows, plan.network);
      m.drop(weights, input);
      return out;
    });
    const other = normed(chosen, plan.after);
    m.drop(chosen);
    return add(m, own, other, "MLP and experts");
  });
}
