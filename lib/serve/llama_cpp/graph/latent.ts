import { extent } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import { attend } from "./attention.ts";
import type { GraphBuilder } from "./builder.ts";
import type { GraphLayer } from "./plan.ts";

/** Widths of an attention whose keys and values are one compressed row. */
export interface LatentWidths {
  readonly rank: number;
  readonly rotated: number;
  /** Features of a query that are not turned. */
  readonly plain: number;
}

/**
 * Multi-head latent attention: queries are multiplied into the latent, values out
 * of it.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/models/deepseek2.cpp
 */
export function latentAttention(
  b: GraphBuilder,
  layer: GraphLayer,
  x: GgmlNode,
  { rank, rotated, plain }: LatentWidths,
): GgmlNode {
  const { g, plan } = b;
  const at = layer.index;
  const { heads, tokens } = plan;
  const compressed = b.weight("blk.N.attn_q_a.weight", at)
    ? b.norm(b.linear("blk.N.attn_q_a", at, x), "blk.N.attn_q_a_norm", layer)
    : x;
  const queries = b.linear(
    compressed === x ? "blk.N.attn_q" : "blk.N.attn_q_b",
    at,
    compressed,
  );
  const q = g.reshape(queries, extent(plain + rotated, heads, tokens));
  const kv = b.linear("blk.N.attn_kv_a_mqa", at, x);
  const unturned = g.slice(q, extent(rotated, heads, tokens));
  const turnedQuery = g.make("ROPE", unturned.ne, [unturned, b.positions]);
  const part = g.slice(kv, extent(rotated, 1, tokens));
  const turnedKey = g.make("ROPE", part.ne, [part, b.positions]);
  const latent = b.norm(
    g.slice(kv, extent(rank, tokens)),
    "blk.N.attn_kv_a_norm",
    layer,
  );
  const absorbed = g.matmul(
    b.weight("blk.N.attn_k_b.weight", at) ??
      b.guessed(plain, rank, at, heads),
    g.swapped(g.slice(q, extent(plain, heads, tokens))),
  );
  const query = g.concat(g.swapped(absorbed), turnedQuery);
  const value = g.reshape(latent, extent(rank, 1, tokens));
  const key = g.concat(value, turnedKey);
  const out = attend(b, layer, {
    query,
    key,
    value,
    isCapped: false,
    sinks: null,
    latentValues: b.weight("blk.N.attn_v_b.weight", at) ??
      b.guessed(rank, layer.values.width, at, heads),
  });
  return b.linear("blk.N.attn_output", at, out);
}
