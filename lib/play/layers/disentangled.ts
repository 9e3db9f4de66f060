import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { add, addedTo, copied, scaled } from "../torch/ops/arithmetic.ts";
import {
  attentionProduct,
  copiedHeads,
} from "../torch/ops/attention/products.ts";
import type { Heads } from "../torch/ops/attention/types.ts";
import { dropout } from "../torch/ops/dropout.ts";
import { masked } from "../torch/ops/masked.ts";
import { softmax } from "../torch/ops/softmax.ts";

/** What projects embedded distances; null of a product that is left out. */
export interface DisentangledPlan {
  /** To keys, which queries ask; and to queries, which ask keys. */
  readonly keys: AdaptedLinear | null;
  readonly queries: AdaptedLinear | null;
  /** Embedded distances. */
  readonly distances: number;
  /** The share of their features that is dropped. */
  readonly drops: number;
}

/** The same with what it is a part of. */
interface Attending extends DisentangledPlan {
  readonly heads: Heads;
  readonly dropout: number;
}

/**
 * Attention whose scores are sums of products of contents, and of contents with
 * embedded distances.
 *
 * Source: huggingface/transformers models/deberta_v2/modeling_deberta_v2.py,
 * DisentangledSelfAttention.forward
 *
 * @param distances Embedded, as all layers read them; null of none.
 */
export function disentangledAttention(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  distances: Value | null,
  plan: Attending,
): Value {
  const { batch, queries, keys, heads, valueWidth } = plan.heads;
  const pairs = batch * queries * keys;
  return m.call(() => {
    const small = scaled(m, k, "scaled keys");
    let scores = attentionProduct(m, q, small, pairs * heads, "scores");
    m.drop(small);
    const bias = distances && distanceScores(m, [q, k], distances, plan);
    if (bias) {
      const sum = add(m, scores, bias, "scores with distances");
      m.drop(scores);
      scores = sum;
    }
    const seen = m.create(pairs, "uint8", "what is seen");
    const mask = m.create(pairs, "uint8", "what is not seen");
    const hidden = masked(m, scores, mask, "masked scores");
    m.drop(mask, scores);
    const chances = softmax(m, hidden, false, "softmax");
    const dropped = dropout(m, chances, plan.dropout, "attention weights");
    m.drop(chances);
    const out = attentionProduct(
      m,
      dropped,
      v,
      batch * queries * heads * valueWidth,
      "attention output",
    );
    const ordered = copied(m, out, "attention output by token");
    m.drop(out, seen);
    return ordered;
  });
}

/** Scores by embedded distances: of queries with them, and of keys with them. */
function distanceScores(
  m: Machine,
  [q, k]: readonly [Value, Value],
  distances: Value,
  plan: Attending,
): Value | null {
  return m.call(() => {
    const kept = dropout(m, distances, plan.drops, "embedded distances");
    const asking = plan.queries && spread(m, kept, plan.queries, plan);
    const asked = plan.keys && spread(m, kept, plan.keys, plan);
    let score: Value | null = null;
    for (const [own, embedded] of [[q, asked], [k, asking]] as const) {
      if (!embedded) continue;
      const { queries, keys } = plan.heads;
      // Variables of the code, to its end.
      const places = m.create(queries * keys, "int64", "places of distances");
      const picked = pickedScores(m, own, embedded, places, plan);
      const part = scaled(m, picked, "scores by distance");
      const before: Value | null = score;
      score = before
        ? addedTo(m, before, part)
        : copied(m, part, "sum of scores by distance");
      m.drop(part);
      if (before) m.drop(before);
    }
    return score ?? m.view(kept);
  });
}

/** A projection of distances by head, repeated for every sequence. */
function spread(
  m: Machine,
  x: Value,
  projection: AdaptedLinear,
  { heads: { batch }, distances }: Attending,
): Value {
  return m.call(() => {
    const made = adaptedLinear(m, x, distances, projection);
    const byHead = copied(m, made, "distances by head");
    m.drop(made);
    return copiedHeads(m, byHead, batch);
  });
}

/** Products with all distances, of which each pair of places picks its own. */
function pickedScores(
  m: Machine,
  x: Value,
  embedded: Value,
  places: Value,
  { heads: { batch, queries, keys, heads }, distances }: Attending,
): Value {
  return m.call(() => {
    const all = attentionProduct(
      m,
      x,
      embedded,
      batch * heads * queries * distances,
      "scores of distances",
    );
    const elements = batch * heads * queries * keys;
    // Picking keeps what it picked from, for its size.
    const node = m.record([all], [all, places], () => [
      m.grad(all.source, all.elements, all.dtype, "gradient of distances"),
    ]);
    return m.create(
      elements,
      all.dtype,
      "picked scores",
      node && { node, slot: 0 },
    );
  });
}
