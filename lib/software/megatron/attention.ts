import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { copied, slice, split } from "../../play/torch/ops/arithmetic.ts";
import { kernel } from "../../play/torch/ops/attention/kernel.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import { gatheredByFeature } from "./exchanged.ts";
import { columnParallel, rowParallel } from "./linear.ts";
import { recomputed } from "./recompute.ts";
import { ringAttention } from "./ring.ts";
import { turnedByTables, turnedHeads } from "./rotary.ts";
import type { AttentionPart, Shares } from "./shares.ts";
import { tokensOf } from "./shares.ts";

/**
 * Attention over this rank's heads. Values stay a view of what was projected, which
 * stands with them; queries of grouped heads are copied.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/transformer/attention.py,
 * SelfAttention.get_query_key_value_tensors, Attention.forward
 */
export function megatronAttention(
  m: Machine,
  x: Value,
  part: AttentionPart,
  shares: Shares,
): Value {
  return m.within("attention activations", () =>
    m.call(() => {
      const heads = headsOf(m, x, part, shares);
      const out = attended(m, heads, {
        ...part,
        kvHeads: shares.code === "core" ? part.kvHeads : part.heads,
        valueWidth: part.width,
        shares,
      });
      m.drop(...heads);
      return rowParallel(m, out, part.o, shares, "attention output projected");
    }));
}

function headsOf(
  m: Machine,
  x: Value,
  part: AttentionPart,
  shares: Shares,
): [Value, Value, Value] {
  const { heads, kvHeads, width, qNorm, kNorm, turned: rotary } = part;
  const rows = tokensOf(shares);
  const replace = (before: Value, after: Value): Value => {
    m.drop(before);
    return after;
  };
  const group = part.sharedGroup ?? heads;
  const sizes = [group, kvHeads, kvHeads].map((each) => rows * each * width);
  const mixed = mixedOf(m, x, part, shares);
  let [q, k, v] = split(m, mixed, sizes) as [Value, Value, Value];
  m.drop(mixed);
  if (group !== heads) q = replace(q, slice(m, q, rows * heads * width));
  // Those of one group already lie side by side, as those of single heads do.
  if (heads !== kvHeads && kvHeads > 1) {
    q = replace(q, copied(m, q, "queries"));
  }
  if (qNorm) {
    q = replace(q, norm(m, q, rows * heads, qNorm, "norm of queries"));
  }
  if (kNorm) {
    k = replace(k, norm(m, k, rows * kvHeads, kNorm, "norm of keys"));
  }
  if (shares.code === "deepspeed") {
    // Keys and values are repeated to a head for each query's; values are brought in
    // order in any case.
    const wide = (each: Value, label: string) =>
      replace(each, repeatedHeads(m, each, heads / kvHeads, label));
    if (heads !== kvHeads) k = wide(k, "repeated keys");
    v = wide(v, "values by head");
    if (rotary === 0) return [q, k, v];
    q = replace(q, turnedByTables(m, q, "turned queries"));
    k = replace(k, turnedByTables(m, k, "turned keys"));
    return [q, k, v];
  }
  if (rotary === 0) return [q, k, v];
  const how = { positions: shares.sequence, width, turned: rotary };
  const before = [q, k];
  q = turnedHeads(m, q, { ...how, label: "turned queries" });
  k = turnedHeads(m, k, { ...how, label: "turned keys" });
  m.drop(...before);
  return [q, k, v];
}

/** Each head so many times over; their gradients are summed. */
function repeatedHeads(
  m: Machine,
  x: Value,
  times: number,
  label: string,
): Value {
  if (times === 1) return copied(m, x, label);
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, `sum of ${label}`),
  ]);
  const source = node && { node, slot: 0 };
  return m.create(x.elements * times, x.dtype, label, source);
}

/**
 * What is projected. Ranks that share a head of keys gather all heads, and look at
 * their group's.
 */
function mixedOf(
  m: Machine,
  x: Value,
  { qkv, sharedGroup, width }: AttentionPart,
  shares: Shares,
): Value {
  const label = "queries, keys and values";
  const own = columnParallel(m, x, qkv, shares, label);
  if (sharedGroup === null) return own;
  return m.call(() => {
    const all = gatheredByFeature(m, own, shares.tp, label);
    m.drop(own);
    return slice(m, all, tokensOf(shares) * (sharedGroup + 2) * width);
  });
}

/** The sizes of an attention kernel. */
interface Sizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly width: number;
  readonly valueWidth: number;
  readonly shares: Shares;
}

/**
 * The attention kernel, which may run again in the backward pass, and its output
 * sequence by sequence in one piece.
 *
 * Source: megatron/core/transformer/attention.py, _checkpointed_attention_forward
 */
export function attended(
  m: Machine,
  heads: readonly [Value, Value, Value],
  { shares, ...sizes }: Sizes,
): Value {
  const { batch, sequence, cp, recomputed: again } = shares;
  const run = (...[q, k, v]: Value[]): Value =>
    m.call(() => {
      const given = [q, k, v] as [Value, Value, Value];
      const whole = { ...sizes, batch, queries: sequence, keys: sequence };
      const out = cp > 1
        ? ringAttention(m, given, whole, cp)
        : kernel(m, given, whole, { flash: true });
      // The kernel gives batch by batch what is asked for position by position.
      return batch > 1 ? copied(m, out, "attention output in order") : out;
    });
  return again.has("core_attn") ? recomputed(m, heads, run) : run(...heads);
}
