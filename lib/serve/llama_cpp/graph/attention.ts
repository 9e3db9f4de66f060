import { extent, UNIT } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import { GgmlNode as Node } from "../ggml/tensor.ts";
import type { GraphBuilder } from "./builder.ts";
import type { GraphLayer } from "./plan.ts";
import { sure } from "../ggml/sure.ts";

/** Queries, keys and values of a layer, turned and normed. */
export interface Attended {
  readonly query: GgmlNode;
  /** Null where the layer reads an earlier one's. */
  readonly key: GgmlNode | null;
  readonly value: GgmlNode | null;
  /** Whether scores are capped. */
  readonly isCapped: boolean;
  /** Weights of sinks, which join the scores. */
  readonly sinks: GgmlNode | null;
  /** Multiplies what was attended to out of the latent: MLA's values. */
  readonly latentValues: GgmlNode | null;
}

/**
 * Writes keys and values into the cache and attends to all of it.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-graph.cpp, build_attn,
 * build_attn_mha; src/llama-kv-cache.cpp, cpy_k, cpy_v
 */
export function attend(
  b: GraphBuilder,
  layer: GraphLayer,
  attended: Attended,
): GgmlNode {
  const { g, plan } = b;
  const cache = sure(layer.cache);
  const isLatent = attended.latentValues !== null;
  const inputs = b.inputsOf(cache, isLatent);
  const { keyTurn, valueTurn } = inputs;
  const query = turned(b, attended.query, keyTurn);
  const key = attended.key && turned(b, attended.key, keyTurn);
  const value = attended.value && turned(b, attended.value, valueTurn);
  g.expand(query);
  // Graphs with windows ask for keys first, those without for values.
  const isTwofold = plan.layers.some(({ cache }) => cache?.isWindow);
  const order = isTwofold ? [key, value] : [value, key];
  for (const each of order) if (each) g.expand(each);
  const kept = cachesOf(b, layer);
  if (key) {
    const rows = g.again(key, extent(key.ne[0] * key.ne[1], plan.tokens));
    g.expand(g.into("SET_ROWS", kept.key, [rows, inputs.keyIds, kept.key]));
  }
  if (value && !isLatent) {
    g.expand(g.into("SET_ROWS", kept.value, [
      valueRows(b, value),
      sure(inputs.valueIds),
      kept.value,
    ]));
  }
  const out = g.expand(
    mixed(b, layer, { ...attended, query }, kept, inputs.mask),
  );
  return turned(b, out, valueTurn);
}

/** Rotated by a Hadamard matrix, which quantised caches lose less by. */
function turned(
  b: GraphBuilder,
  x: GgmlNode,
  by: GgmlNode | null,
): GgmlNode {
  if (!by) return x;
  const { g } = b;
  const side = by.ne[0];
  const ne = extent(side, x.elements / side);
  const flat = x.isStrided ? g.cont(x, ne) : g.reshape(x, ne);
  return g.reshape(g.matmul(by, flat), x.ne);
}

function cachesOf(
  b: GraphBuilder,
  layer: GraphLayer,
): { key: GgmlNode; value: GgmlNode } {
  const { plan } = b;
  const { cells, streams } = sure(layer.cache);
  const of = (heads: number, width: number, unit: number) =>
    b.memory(layer, [heads * width, cells, streams], unit);
  const { keys, values } = layer;
  return {
    key: of(keys.heads, keys.width, plan.key.unit),
    value: of(values.heads, values.width, plan.value.unit),
  };
}

/** Values as they are written: rows of a token, or transposed without flash. */
function valueRows(b: GraphBuilder, value: GgmlNode): GgmlNode {
  const { g, plan } = b;
  const width = value.ne[0] * value.ne[1];
  const flat = extent(width, plan.tokens);
  if (plan.isFlash) return g.again(value, flat);
  const rows = value.isStrided ? g.cont(value, flat) : g.reshape(value, flat);
  return g.reshape(rows, extent(1, width * plan.tokens));
}

function mixed(
  b: GraphBuilder,
  layer: GraphLayer,
  { query, latentValues, isCapped, sinks }: Attended,
  kept: { key: GgmlNode; value: GgmlNode },
  mask: GgmlNode,
): GgmlNode {
  const { g, plan } = b;
  const { cells, streams } = sure(layer.cache);
  const { keys, values } = layer;
  const [width, heads] = query.ne;
  const tokens = plan.tokens / streams;
  const key = g.again(
    kept.key,
    extent(keys.width, keys.heads, cells, streams),
  );
  const value = g.slice(
    latentValues ? key : kept.value,
    plan.isFlash || latentValues
      ? extent(values.width, values.heads, cells, streams)
      : extent(cells, values.heads, values.width, streams),
  );
  const q = g.swapped(
    g.again(query, extent(width, heads, tokens, streams)),
  );
  const k = g.swapped(key);
  const v = g.swapped(value);
  if (plan.isFlash) {
    return flash(b, layer, { q, k, v, mask, sinks, latentValues });
  }
  let scores = g.make("MUL_MAT", extent(cells, tokens, heads, streams), [k, q]);
  if (isCapped) {
    for (const op of ["SCALE", "UNARY", "SCALE"] as const) {
      scores = g.like(op, scores);
    }
  }
  const shares = g.like("SOFT_MAX", scores, mask, ...(sinks ? [sinks] : []));
  const across = latentValues ? g.cont(g.transpose(v)) : v;
  let out = g.make("MUL_MAT", extent(values.width, tokens, heads, streams), [
    across,
    shares,
  ]);
  if (latentValues) out = g.matmul(latentValues, out);
  return g.cont(g.swapped(out), extent(out.ne[0] * heads, plan.tokens));
}

function flash(
  b: GraphBuilder,
  layer: GraphLayer,
  { q, k, v, mask, sinks, latentValues }: {
    q: GgmlNode;
    k: GgmlNode;
    v: GgmlNode;
    mask: GgmlNode;
    sinks: GgmlNode | null;
    latentValues: GgmlNode | null;
  },
): GgmlNode {
  const { g, plan } = b;
  const [, tokens, heads, streams] = q.ne;
  const ne = extent(v.ne[0], heads, tokens, streams);
  const src = [q, k, v, mask, ...(sinks ? [sinks] : [])];
  const attended = new Node("FLASH_ATTN_EXT", ne, UNIT.F32, src, null, {
    deviceBytes: widened(b, ne, k, latentValues ? null : v),
  });
  g.attentions.push({ node: attended, layer: layer.backend });
  if (!latentValues) {
    return g.reshape(attended, extent(ne[0] * heads, plan.tokens));
  }
  const values = g.swapped(g.matmul(latentValues, g.swapped(attended)));
  const flat = g.cont(values);
  return g.reshape(flat, extent(flat.ne[0] * heads, plan.tokens));
}

/**
 * What the kernel's result takes on CUDA: behind it stand copies of the cache in
 * f16, where it is of another type.
 *
 * Source: ggml-org/llama.cpp v0.5.0 ggml/src/ggml-cuda/fattn-common.cuh,
 * ggml_cuda_flash_attn_ext_get_f16_extra_data
 */
function widened(
  { plan }: GraphBuilder,
  ne: readonly number[],
  key: GgmlNode,
  value: GgmlNode | null,
): number {
  const upTo128 = (bytes: number) => Math.ceil(bytes / 128) * 128;
  let bytes = ne.reduce((product, size) => product * size, UNIT.F32);
  if (plan.key.unit !== UNIT.F16) {
    bytes = upTo128(bytes) + key.elements * UNIT.F16;
  }
  if (value && plan.value.unit !== UNIT.F16) {
    bytes = upTo128(bytes) + value.elements * UNIT.F16;
  }
  return bytes;
}
