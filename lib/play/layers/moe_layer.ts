import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  add,
  addedTo,
  multiply,
  savingOutput,
} from "../torch/ops/arithmetic.ts";
import type { ExpertsPlan } from "./expert_types.ts";
import { experts, summed } from "./experts.ts";
import type { MlpPlan } from "./mlp_layer.ts";
import { mlpLayer } from "./mlp_layer.ts";
import type { RouterPlan } from "./router.ts";
import { routed } from "./router.ts";

/** A feed-forward network of routed experts. */
export interface MoePlan {
  readonly router: RouterPlan;
  readonly experts: ExpertsPlan;
  /** Projections around the routed experts, which are narrower: Nemotron 3. */
  readonly latent?: {
    readonly down: AdaptedLinear;
    readonly up: AdaptedLinear;
  } | null;
  readonly shared: MlpPlan | null;
  /** Qwen's gate of the shared expert. */
  readonly sharedGate: AdaptedLinear | null;
  /** Whether that expert runs before the routed ones. */
  readonly sharedFirst?: boolean;
  /** What runs it in place of transformers' code; null or left out: nothing. */
  readonly run?: MoeRun | null;
}

/** Runs so many rows through a network of experts. */
export type MoeRun = (m: Machine, x: Value, rows: number) => Value;

/** Routes each row to its experts and adds what they give. */
export function moeLayer(
  m: Machine,
  x: Value,
  rows: number,
  plan: MoePlan,
): Value {
  if (plan.run) return plan.run(m, x, rows);
  return m.within("expert activations", () =>
    m.call(() => {
      const early = plan.shared && plan.sharedFirst
        ? mlpLayer(m, x, rows, plan.shared)
        : null;
      const weights = routed(m, x, rows, plan.router);
      const out = routedOutput(m, x, weights, rows, plan);
      m.drop(weights);
      if (!plan.shared) return out;
      const shared = weighted(
        m,
        x,
        rows,
        early ?? mlpLayer(m, x, rows, plan.shared),
        plan.sharedGate,
      );
      if (plan.experts.everywhere) {
        const sum = summed(m, out, rows * plan.experts.hidden);
        const whole = addedTo(m, shared, sum);
        m.drop(sum, shared);
        return whole;
      }
      return add(m, out, shared, "experts and shared expert");
    }));
}

/** What the routed experts give, perhaps of narrower rows. */
function routedOutput(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  { latent, experts: plan }: MoePlan,
): Value {
  if (!latent) return experts(m, x, weights, rows, plan);
  return m.call(() => {
    const narrow = adaptedLinear(m, x, rows, latent.down, "latent rows");
    const out = experts(m, narrow, weights, rows, plan);
    m.drop(narrow);
    return adaptedLinear(m, out, rows, latent.up, "output of experts");
  });
}

/** What the expert that every row passes gave, weighted where it has a gate. */
function weighted(
  m: Machine,
  x: Value,
  rows: number,
  out: Value,
  own: AdaptedLinear | null,
): Value {
  if (!own) return out;
  return m.call(() => {
    const score = adaptedLinear(m, x, rows, own, "shared expert's score");
    const weight = savingOutput(m, score, "shared expert's weight");
    m.drop(score);
    const whole = multiply(m, weight, out, "weighted shared expert");
    m.drop(out);
    return whole;
  });
}
