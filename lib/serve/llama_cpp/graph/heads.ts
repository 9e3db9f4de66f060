import { extent } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import { attend } from "./attention.ts";
import type { GraphBuilder, NormOp } from "./builder.ts";
import type { GraphLayer } from "./plan.ts";
import type { GraphTraits } from "./traits.ts";

const AT = "blk.N.attn_";

/** Queries, keys and values before they are turned. */
interface Projected {
  query: GgmlNode;
  key: GgmlNode | null;
  value: GgmlNode | null;
  /** Multiplies what was attended to: Qwen3-Next. */
  gate: GgmlNode | null;
}

/**
 * Attention as most decoders have it: projected, normed, turned.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-graph.cpp, build_qkv, and the graphs
 * of src/models
 */
export function attention(
  b: GraphBuilder,
  traits: GraphTraits,
  layer: GraphLayer,
  x: GgmlNode,
): GgmlNode {
  const { g, plan } = b;
  const { query, key, value, gate } = projected(b, traits, layer, x);
  const isTurned = traits.turns(layer, plan.config);
  const q = placed(b, traits, layer, { x: query, name: "q", isTurned });
  const k = key && placed(b, traits, layer, { x: key, name: "k", isTurned });
  const scaled = traits.scalesQueries ? g.like("SCALE", q) : q;
  const sinks = b.weight(`${AT}sinks.weight`, layer.index);
  const attended = attend(b, layer, {
    query: scaled,
    key: k,
    value: value && traits.normsValues ? g.like("RMS_NORM", value) : value,
    isCapped: traits.capsScores,
    sinks,
    latentValues: null,
  });
  const gated = gate
    ? g.like("MUL", attended, g.like("UNARY", gate))
    : attended;
  return b.linear(`${AT}output`, layer.index, gated);
}

function projected(
  b: GraphBuilder,
  traits: GraphTraits,
  layer: GraphLayer,
  x: GgmlNode,
): Projected {
  const { g, plan } = b;
  const { heads, tokens } = plan;
  const headWidth = layer.keys.width || plan.headWidth;
  const { keys, values } = layer;
  const at = layer.index;
  const shape = (width: number, count: number) => extent(width, count, tokens);
  if (b.weight(`${AT}qkv.weight`, at)) {
    const all = b.linear(`${AT}qkv`, at, x);
    return {
      query: g.slice(all, shape(headWidth, heads)),
      key: g.slice(all, shape(keys.width, keys.heads)),
      value: g.slice(all, shape(values.width, values.heads)),
      gate: null,
    };
  }
  const query = b.linear(`${AT}q`, at, x);
  const linear = (name: string) =>
    b.weight(`${AT}${name}.weight`, at) && b.linear(`${AT}${name}`, at, x);
  const own = (
    made: GgmlNode | null,
    name: string,
    { heads, width }: GraphLayer["keys"],
  ) =>
    made &&
    wide(b, layer, { x: made, name, ne: shape(width, heads), op: traits.norm });
  const kept = () => {
    const made = linear("k");
    const value = linear("v") ?? (traits.normsValues ? made : null);
    return { key: own(made, "k", keys), value: own(value, "v", values) };
  };
  const isGated = query.ne[0] === 2 * heads * headWidth;
  const part = () => g.slice(query, shape(headWidth, heads), 2 * headWidth);
  return {
    query: isGated ? part() : wide(b, layer, {
      x: query,
      name: "q",
      ne: shape(headWidth, heads),
      op: traits.norm,
    }),
    ...(layer.isShared ? { key: null, value: null } : kept()),
    gate: isGated ? g.cont(part(), extent(heads * headWidth, tokens)) : null,
  };
}

/** As heads; normed over all of them before that, where the norm is so wide. */
function wide(
  b: GraphBuilder,
  layer: GraphLayer,
  { x, name, ne, op }: {
    readonly x: GgmlNode;
    readonly name: string;
    readonly ne: GgmlNode["ne"];
    readonly op: NormOp;
  },
): GgmlNode {
  const stem = `${AT}${name}_norm`;
  const weight = b.weight(`${stem}.weight`, layer.index);
  const isWide = weight !== null && ne[1] > 1 &&
    weight.ne[1] === 1 && weight.ne[0] === ne[0] * ne[1];
  return b.g.reshape(isWide ? b.norm(x, stem, layer, op) : x, ne);
}

/** Heads normed one by one and turned, in the order that the type has. */
function placed(
  b: GraphBuilder,
  traits: GraphTraits,
  layer: GraphLayer,
  { x, name, isTurned }: {
    readonly x: GgmlNode;
    readonly name: "q" | "k";
    readonly isTurned: boolean;
  },
): GgmlNode {
  const { g } = b;
  const stem = `${AT}${name}_norm`;
  const weight = b.weight(`${stem}.weight`, layer.index);
  const isOfHeads = weight !== null && weight.ne[0] === x.ne[0];
  const norm = (heads: GgmlNode) =>
    isOfHeads ? b.norm(heads, stem, layer, traits.norm) : heads;
  const turn = (heads: GgmlNode) =>
    isTurned
      ? g.make("ROPE", heads.ne, [
        heads,
        b.positions,
        ...factorsOf(b, layer),
      ])
      : heads;
  if (traits.scalesUnturned && !isTurned) {
    // Queries grow with their position where no rotation tells it.
    return name === "q" ? g.like("MUL", x, b.growth) : x;
  }
  if (traits.normsBare(b.plan.config)) return g.like("RMS_NORM", turn(x));
  return traits.normsTurned ? norm(turn(x)) : turn(norm(x));
}

/** Factors of the rotation's frequencies, where the file has them. */
function factorsOf(b: GraphBuilder, { index }: GraphLayer): GgmlNode[] {
  const factors = b.weight("rope_freqs.weight", index);
  return factors ? [factors] : [];
}
