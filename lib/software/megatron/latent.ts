import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { copied, join, split } from "../../play/torch/ops/arithmetic.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import { attended } from "./attention.ts";
import { gatheredByFeature } from "./exchanged.ts";
import { columnParallel, rowParallel } from "./linear.ts";
import { discarding } from "./recompute.ts";
import { turnedHeads } from "./rotary.ts";
import type { LatentPart, MatrixPart, Shares } from "./shares.ts";
import { ownTokens, tokensOf } from "./shares.ts";

/**
 * DeepSeek's latent attention. Latents are cut over ranks as other outputs are, put
 * together again, and where ranks share the tokens each goes on with its own.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/transformer/multi_latent_attention.py, MLASelfAttention
 */
export function megatronLatentAttention(
  m: Machine,
  x: Value,
  part: LatentPart,
  shares: Shares,
): Value {
  return m.within("attention activations", () =>
    m.call(() => {
      const { q, kvDown, kvNorm, heads } = part;
      const rows = ownTokens(shares);
      const latent = "down" in q
        ? ownLatent(m, x, q.down, shares, "latent of queries")
        : m.view(x);
      const both = wholeLatent(m, x, kvDown, shares, "latent of keys, values");
      const own = tokensOf(shares) * (kvNorm.weight?.elements ?? 0);
      const [keys, place] = split(m, both, [own, both.elements - own]) as [
        Value,
        Value,
      ];
      // Features of a latent do not lie in one piece: a rank's tokens are copied.
      const ownKeys = shares.splitsTokens
        ? copied(m, partOfTokens(m, keys, shares.tp), "latent of own tokens")
        : m.view(keys);
      const normed = "down" in q
        ? norm(m, latent, rows, q.norm, "norm of the queries' latent")
        : m.view(latent);
      const kv = norm(m, ownKeys, rows, kvNorm, "norm of the keys' latent");
      const body = (...given: Value[]) =>
        heightened(m, given as [Value, Value, Value], part, shares);
      const up = shares.recomputed.has("mla_up_proj")
        ? discarding(m, [normed, kv, place], body)
        : {
          outs: body(normed, kv, place),
          discard: (later: Value) => later,
        };
      m.drop(both, keys, ownKeys);
      const out = attended(m, up.outs as [Value, Value, Value], {
        heads,
        kvHeads: heads,
        width: part.plainWidth + part.turned,
        valueWidth: part.valueWidth,
        shares,
      });
      return rowParallel(
        m,
        up.discard(out),
        part.o,
        shares,
        "attention output projected",
      );
    }));
}

/** A latent of all tokens, of which ranks have some features each. */
function wholeLatent(
  m: Machine,
  x: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  const own = columnParallel(m, x, part, shares, label);
  if (shares.tp === 1) return own;
  const whole = gatheredByFeature(m, own, shares.tp, label);
  m.drop(own);
  return whole;
}

/** The same of this rank's tokens. */
function ownLatent(
  m: Machine,
  x: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  const whole = wholeLatent(m, x, part, shares, label);
  return shares.splitsTokens ? partOfTokens(m, whole, shares.tp) : whole;
}

/** A view of a rank's tokens, whose gradient is gathered from all. */
function partOfTokens(m: Machine, x: Value, ranks: number): Value {
  const node = m.record([x], [], () => {
    m.tape.exchange({
      collective: "all-gather",
      group: "tensor",
      bytes: x.elements * DTYPE_BYTES[x.dtype],
      what: "gradients of latents",
    });
    return [
      m.grad(x.source, x.elements, x.dtype, "gathered gradient of a latent"),
    ];
  });
  return m.view(x, {
    elements: x.elements / ranks,
    source: node && { node, slot: 0 },
  });
}

/** qkv_up_proj_and_rope_apply */
function heightened(
  m: Machine,
  [latent, keys, position]: readonly [Value, Value, Value],
  part: LatentPart,
  shares: Shares,
): Value[] {
  const { heads, plainWidth, turned: rotary, valueWidth } = part;
  const rows = tokensOf(shares);
  const matrix = "down" in part.q ? part.q.up : part.q;
  const how = {
    positions: shares.sequence,
    width: rotary,
    turned: rotary,
    interleaved: true,
  };
  const q = columnParallel(m, latent, matrix, shares, "queries");
  const kv = columnParallel(m, keys, part.kvUp, shares, "keys and values");
  const [plainQ, rotaryQ] = split(m, q, [
    rows * heads * plainWidth,
    rows * heads * rotary,
  ]) as [Value, Value];
  const [plainK, v] = split(m, kv, [
    rows * heads * plainWidth,
    rows * heads * valueWidth,
  ]) as [Value, Value];
  const turnedQ = turnedHeads(m, rotaryQ, { ...how, label: "turned queries" });
  const turnedK = turnedHeads(m, position, { ...how, label: "turned keys" });
  const query = join(m, [plainQ, turnedQ], "queries in one piece");
  // One position's features are read by all heads: their gradients are summed.
  const spread = m.view(turnedK, { elements: rows * heads * rotary });
  spread.source = spreadOf(m, turnedK, heads);
  const key = join(m, [plainK, spread], "keys in one piece");
  const value = copied(m, v, "values");
  m.drop(q, kv, plainQ, rotaryQ, plainK, v, turnedQ, turnedK, spread);
  return [query, key, value];
}

/** Where the gradient of a view goes that repeats a tensor for each head. */
function spreadOf(m: Machine, x: Value, heads: number): Value["source"] {
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, "sum over heads"),
  ]);
  return heads > 1 && node ? { node, slot: 0 } : x.source;
}
