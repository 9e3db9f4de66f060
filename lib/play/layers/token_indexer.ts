import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { cast, copied, scaled } from "../torch/ops/arithmetic.ts";
import type { Heads } from "../torch/ops/attention/types.ts";
import { attentionProduct } from "../torch/ops/attention/products.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";

/** Small heads that pick the tokens which attention looks at. */
export interface IndexerPlan {
  /** Of the queries' latent. */
  readonly queries: AdaptedLinear;
  readonly keys: AdaptedLinear;
  readonly keyNorm: Norm | null;
  /** A weight for each head. */
  readonly weights: AdaptedLinear;
  /** Tokens that are picked for each. */
  readonly picks: number;
}

/**
 * Picks tokens for each query, without gradients: scores of all heads in fp32, of
 * which two stand at once.
 *
 * Source: huggingface/transformers models/deepseek_v32/modeling_deepseek_v32.py,
 * DeepseekV32Indexer.forward
 *
 * @returns What was picked, by number.
 */
export function pickedTokens(
  m: Machine,
  x: Value,
  { batch, queries: tokens, keys: seen }: Pick<
    Heads,
    "batch" | "queries" | "keys"
  >,
  plan: IndexerPlan,
): Value {
  const { recording } = m;
  m.recording = false;
  const picked = m.call(() => {
    const rows = batch * tokens;
    const latent = m.external(rows * plan.queries.in, x.dtype, "latent", null);
    const made = adaptedLinear(m, latent, rows, plan.queries, "index queries");
    const plain = adaptedLinear(m, x, rows, plan.keys, "index keys");
    const normed = plan.keyNorm
      ? norm(m, plain, rows, plan.keyNorm, "index norm")
      : m.view(plain);
    m.drop(plain);
    // Views of what they were made of are variables of the code.
    const q = copied(m, made, "turned index queries");
    const k = copied(m, normed, "turned index keys");
    const all = rows * plan.weights.out * seen;
    const scores = headScores(m, [q, k], all);
    const weights = adaptedLinear(m, x, rows, plan.weights, "index weights");
    const wide = cast(m, weights, "fp32", "index weights in fp32");
    m.drop(weights);
    const pairs = rows * seen;
    const sum = attentionProduct(m, wide, scores, pairs, "index scores");
    m.drop(m.create(pairs, "uint8", "tokens that are hidden"));
    const hidden = copied(m, sum, "hidden index scores");
    m.drop(sum);
    const many = rows * Math.min(plan.picks, seen);
    const best = m.create(many, hidden.dtype, "greatest scores");
    const places = m.create(many, "int64", "places of the greatest scores");
    m.drop(best);
    const out = m.create(many, "int32", "picked tokens");
    m.drop(places);
    return out;
  });
  m.recording = recording;
  return picked;
}

/** What is above nought of queries times keys, in fp32 where autocast leaves it. */
function headScores(
  m: Machine,
  pair: readonly [Value, Value],
  elements: number,
): Value {
  return m.call(() => {
    const [q, k] = pair.map((each) =>
      cast(m, each, "fp32", "index heads in fp32")
    ) as [Value, Value];
    const made = attentionProduct(m, q, k, elements, "scores of heads");
    m.drop(q, k);
    const times = scaled(m, made, "scaled scores of heads");
    m.drop(made);
    return scaled(m, times, "scores above nought");
  });
}

/**
 * The mask of what was not picked, and that of the model with it: variables of
 * attention's code, which the caller drops.
 */
export function maskedByPicks(
  m: Machine,
  picked: Value,
  { batch, queries, keys }: Pick<Heads, "batch" | "queries" | "keys">,
): Value[] {
  const pairs = batch * queries * keys;
  const ones = m.create(pairs, "uint8", "ones of a mask");
  const places = m.create(picked.elements, "int64", "places of picked tokens");
  const rest = m.create(pairs, "uint8", "tokens that were not picked");
  m.drop(ones, places);
  const picks = m.create(pairs, "uint8", "tokens that were picked");
  const whole = m.create(pairs, "uint8", "mask of picked tokens");
  m.drop(picks);
  return [rest, whole];
}
