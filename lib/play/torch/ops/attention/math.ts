import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { cast, copied, scaled } from "../arithmetic.ts";
import type { Heads } from "./types.ts";
import { attentionProduct, copiedHeads } from "./products.ts";
import { dropout } from "../dropout.ts";
import { underAutocast } from "../linear.ts";
import { softmax } from "../softmax.ts";

/** How scaled_dot_product_attention's own arithmetic gets its heads. */
interface Given {
  /** Whether a mask of every query and key is handed over. */
  readonly masked: boolean;
  /** Whether one head of keys is left for the products to broadcast. */
  readonly broadcasts: boolean;
  readonly dropout: number;
}

/**
 * scaled_dot_product_attention in PyTorch's own operations, in fp32 throughout:
 * scaled before the product and masked in place. No kernel takes heads that are
 * left to be broadcast, nor shared heads in fp32.
 *
 * Source: pytorch aten/src/ATen/native/transformers/attention.cpp,
 * _scaled_dot_product_attention_math; sdp_utils_cpp.h,
 * check_batch_size_and_num_heads_dense; SoftMax.cpp, _safe_softmax
 */
export function attentionArithmetic(
  m: Machine,
  heads: readonly [Value, Value, Value],
  { batch, queries, keys, heads: count, kvHeads, valueWidth }: Heads,
  { masked, broadcasts, dropout: share }: Given,
): Value {
  return m.call(() => {
    const narrow = heads.map((each) =>
      underAutocast(m, each, "attention input")
    ) as [Value, Value, Value];
    const { dtype } = narrow[0];
    // A single token looks at all that came before: nothing hides anything.
    const bias = masked
      ? m.create(batch * queries * keys, dtype, "attention bias")
      : queries > 1
      ? causalBias(m, queries * keys)
      : null;
    const [q, k, v] = narrow.map((each) =>
      cast(m, each, "fp32", "attention input in fp32")
    ) as [Value, Value, Value];
    // A product copies what it broadcasts over several sequences.
    const times = broadcasts ? batch > 1 ? count : 1 : count / kvHeads;
    const all = (each: Value) =>
      times > 1 ? copiedHeads(m, each, times) : m.view(each);
    const asked = scaled(m, q, "scaled queries");
    const whole = broadcasts ? m.view(k) : all(k);
    const few = scaled(m, whole, "scaled keys");
    const turned = broadcasts && batch > 1
      ? copied(m, asked, "scaled queries by head")
      : m.view(asked);
    const seen = broadcasts ? all(few) : m.view(few);
    const early = broadcasts ? null : all(v);
    const scores = attentionProduct(
      m,
      turned,
      seen,
      batch * count * queries * keys,
      "scores",
    );
    m.drop(few, seen, turned);
    // A variable of its own, to the end.
    if (!broadcasts && !m.followsVariables) m.drop(asked);
    const chances = softmax(m, scores, false, "softmax");
    // Rows that are hidden whole are looked for.
    m.drop(m.create(scores.elements, "uint8", "hidden scores"), scores);
    const values = early ?? all(v);
    const kept = dropout(m, chances, share, "attention weights");
    m.drop(chances);
    // The weights are given back as well, in the heads' type.
    const given = cast(m, kept, dtype, "attention weights");
    const out = attentionProduct(
      m,
      kept,
      values,
      batch * queries * count * valueWidth,
      "attention output",
    );
    m.drop(kept, values, whole);
    const back = cast(m, out, dtype, "attention output");
    m.drop(out, given);
    if (!broadcasts) m.drop(asked);
    if (bias) m.drop(bias);
    return copied(m, back, "attention output by token");
  });
}

/** A causal mask of truths, and the numbers that are made of it. */
function causalBias(m: Machine, elements: number): Value {
  const ones = m.create(elements, "uint8", "ones of a mask");
  const seen = m.create(elements, "uint8", "causal mask");
  m.drop(ones);
  const bias = m.create(elements, "fp32", "causal bias");
  m.drop(seen);
  return bias;
}
