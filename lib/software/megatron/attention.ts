import type { Machine, Value } from "../../play/torch/machine.ts";
import { copied, split } from "../../play/torch/ops/arithmetic.ts";
import { kernel } from "../../play/torch/ops/attention/kernel.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import { columnParallel, rowParallel } from "./linear.ts";
import { recomputed } from "./recompute.ts";
import { turned } from "./rotary.ts";
import type { AttentionPart, Shares } from "./shares.ts";
import { tokensOf } from "./shares.ts";

/**
 * Attention over this rank's heads. Values stay a view of what was projected, which
 * stands with them; queries of grouped heads are copied.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/transformer/attention.py,
 * SelfAttention.get_query_key_value_tensors, Attention.forward
 */
export function attention(
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
  { qkv, heads, kvHeads, width, qNorm, kNorm, turned: rotary }: AttentionPart,
  shares: Shares,
): [Value, Value, Value] {
  const rows = tokensOf(shares);
  const mixed = columnParallel(m, x, qkv, shares, "queries, keys and values");
  const sizes = [heads, kvHeads, kvHeads].map((each) => rows * each * width);
  let [q, k, v] = split(m, mixed, sizes) as [Value, Value, Value];
  m.drop(mixed);
  const replace = (before: Value, after: Value): Value => {
    m.drop(before);
    return after;
  };
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
  if (rotary === 0) return [q, k, v];
  const how = { positions: shares.sequence, width, turned: rotary };
  const before = [q, k];
  q = turned(m, q, { ...how, label: "turned queries" });
  k = turned(m, k, { ...how, label: "turned keys" });
  m.drop(...before);
  return [q, k, v];
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
  const { batch, sequence, recomputed: again } = shares;
  const run = (...[q, k, v]: Value[]): Value =>
    m.call(() => {
      const out = kernel(m, [q, k, v] as [Value, Value, Value], {
        ...sizes,
        batch,
        queries: sequence,
        keys: sequence,
      }, { flash: true });
      // The kernel gives batch by batch what is asked for position by position.
      return batch > 1 ? copied(m, out, "attention output in order") : out;
    });
  return again.has("core_attn") ? recomputed(m, heads, run) : run(...heads);
}
