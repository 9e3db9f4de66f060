import type { Machine } from "../torch/machine.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { add, multiply, savingOutput } from "../torch/ops/arithmetic.ts";
import { attention } from "../torch/ops/attention/attention.ts";
import { masked } from "../torch/ops/masked.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { Parameter, Value } from "../torch/values.ts";
import type { AttentionPlan } from "./attention_plan.ts";
import type { LayerPlan } from "./decoder_layer.ts";
import type { MlpPlan } from "./mlp_layer.ts";
import { mlpLayer } from "./mlp_layer.ts";

/** A layer of a decoder that attends to features in place of the text before it. */
export interface CrossingPlan {
  readonly rows: number;
  readonly attention: AttentionPlan;
  readonly mlp: MlpPlan;
  readonly norms: LayerPlan["norms"];
  /** Numbers by whose tanh attention and MLP are multiplied. */
  readonly gates: readonly [Parameter, Parameter];
  /** Rows of features of each sample. */
  readonly keys: number;
}

/**
 * The layer's output, for hidden states and features that others hold.
 *
 * Source: huggingface/transformers 5.24.0 models/mllama/modeling_mllama.py,
 * MllamaCrossAttentionDecoderLayer
 */
export function crossingLayer(
  m: Machine,
  x: Value,
  features: Value,
  plan: CrossingPlan,
): Value {
  const { rows, norms, gates: [first, second], mlp } = plan;
  return m.call(() => {
    const input = normed(m, x, rows, norms.beforeAttention);
    const looked = crossed(m, input, features, plan);
    m.drop(input);
    const hidden = gatedSum(m, x, looked, first);
    m.drop(looked);
    const again = normed(m, hidden, rows, norms.beforeMlp);
    const fed = mlpLayer(m, again, rows, mlp);
    m.drop(again);
    // Tokens that look at no image are left as they are.
    const seeing = m.create(rows, fed.dtype, "tokens that look at images");
    const kept = masked(m, fed, seeing, "MLP of tokens that look");
    m.drop(fed, seeing);
    return gatedSum(m, hidden, kept, second);
  });
}

function normed(m: Machine, x: Value, rows: number, own: Norm | null): Value {
  return own
    ? m.within("norm activations", () => norm(m, x, rows, own, "norm"))
    : m.view(x);
}

/** residual + tanh(gate) × branch. */
function gatedSum(
  m: Machine,
  residual: Value,
  branch: Value,
  by: Parameter,
): Value {
  return m.call(() => {
    const gate = savingOutput(m, m.parameter(by), "gate");
    const gated = multiply(m, gate, branch, "gated branch");
    return add(m, residual, gated, "residual stream");
  });
}

/** Attention of text to features. */
function crossed(
  m: Machine,
  x: Value,
  features: Value,
  { attention: own, keys }: CrossingPlan,
): Value {
  const { projections, heads, qNorm, kNorm, settings, o } = own;
  if (!("q" in projections)) throw new RangeError("no projections of its own");
  const { q, k, v } = projections;
  const rows = heads.batch * heads.queries;
  const seen = heads.batch * keys;
  return m.within("attention activations", () =>
    m.call(() => {
      const asked = adaptedLinear(m, x, rows, q, "queries");
      const queries = qNorm
        ? norm(m, asked, rows * heads.heads, qNorm, "q norm")
        : m.view(asked);
      m.drop(asked);
      const made = adaptedLinear(m, features, seen, k, "keys of features");
      const values = adaptedLinear(m, features, seen, v, "values of features");
      const normedKeys = kNorm
        ? norm(m, made, seen * heads.kvHeads, kNorm, "k norm")
        : m.view(made);
      m.drop(made);
      const sizes = { ...heads, keys };
      const out = attention(m, [queries, normedKeys, values], sizes, {
        ...settings,
        masked: true,
        causal: false,
        unpads: false,
      });
      return adaptedLinear(m, out, rows, o);
    }));
}
