import { extent } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import type { GraphBuilder } from "./builder.ts";
import type { GraphLayer } from "./plan.ts";
import { convolved, statesOf } from "./states.ts";
import { sure } from "../ggml/sure.ts";

/** The sizes of a state-space layer. */
export interface MambaWidths {
  readonly inner: number;
  readonly state: number;
  readonly kernel: number;
  /** Mamba's rank of the time steps. */
  readonly rank: number;
  /** Mamba-2's heads and groups. */
  readonly heads: number;
  readonly groups: number;
}

/**
 * Mamba's mixer.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/models/mamba-base.cpp, build_mamba_layer
 */
export function mamba(
  b: GraphBuilder,
  layer: GraphLayer,
  input: GgmlNode,
  { inner, state, kernel, rank }: MambaWidths,
): GgmlNode {
  const { g, plan } = b;
  const at = layer.index;
  const { sequences } = plan;
  const tokens = plan.tokens / sequences;
  const whole = extent(inner, tokens, sequences);
  // The convolution's states are asked for before the projection.
  const { out, kept } = statesOf(b, layer, sure(layer.states).convolution);
  const before = g.reshape(out, extent(kernel - 1, inner, sequences));
  const flat = g.reshape(input, extent(input.ne[0], tokens, sequences));
  const both = b.linear("blk.N.ssm_in", at, flat);
  const gate = g.slice(both, whole);
  const joined = g.concat(before, g.transpose(g.slice(both, whole)));
  const last = g.slice(joined, extent(kernel - 1, inner, sequences));
  g.expand(g.copy(last, g.view(kept, extent(last.elements))));
  const made = convolved(
    b,
    joined,
    sure(b.weight("blk.N.ssm_conv1d.weight", at)),
  );
  const bias = b.weight("blk.N.ssm_conv1d.bias", at);
  const x = g.like("UNARY", bias ? g.like("ADD", made, bias) : made);
  const parts = b.linear("blk.N.ssm_x", at, x);
  const dt = g.slice(parts, extent(rank, tokens, sequences));
  const bs = g.slice(parts, extent(state, 1, tokens, sequences));
  const cs = g.slice(parts, extent(state, 1, tokens, sequences));
  const isNormed = b.weight("blk.N.ssm_dt_norm.weight", at) !== null ||
    plan.type === "falcon_mamba";
  const normed = (part: GgmlNode, name: string) =>
    isNormed ? b.norm(part, `blk.N.ssm_${name}_norm`, layer) : part;
  const ranked = isNormed ? normed(dt, "dt") : g.cont(dt);
  const step = b.linear("blk.N.ssm_dt", at, ranked);
  const heads = g.reshape(x, extent(1, inner, tokens, sequences));
  const scanned = scan(b, layer, {
    x: heads,
    shape: extent(state, 1, inner),
    sources: [step, normed(bs, "b"), normed(cs, "c")],
  });
  const y = g.view(scanned, whole);
  const summed = g.like(
    "ADD",
    y,
    g.like("MUL", x, sure(b.weight("blk.N.ssm_d", at))),
  );
  const gated = g.like("GLU", g.cont(gate), summed);
  return flattened(b, b.linear("blk.N.ssm_out", at, gated));
}

/**
 * Mamba-2's mixer.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/models/mamba-base.cpp, build_mamba2_layer
 */
export function mamba2(
  b: GraphBuilder,
  layer: GraphLayer,
  input: GgmlNode,
  { inner, state, kernel, heads, groups }: MambaWidths,
): GgmlNode {
  const { g, plan } = b;
  const at = layer.index;
  const { sequences } = plan;
  const tokens = plan.tokens / sequences;
  const width = inner / heads;
  const channels = inner + 2 * groups * state;
  const whole = extent(width, heads, tokens, sequences);
  const { out, kept } = statesOf(b, layer, sure(layer.states).convolution);
  const before = g.reshape(out, extent(kernel - 1, channels, sequences));
  const flat = g.reshape(input, extent(input.ne[0], tokens, sequences));
  const all = b.linear("blk.N.ssm_in", at, flat);
  const gate = g.slice(all, whole);
  const joined = g.concat(
    before,
    g.transpose(g.slice(all, extent(channels, tokens, sequences))),
  );
  const last = g.slice(joined, extent(kernel - 1, channels, sequences));
  g.expand(g.copy(last, g.view(kept, extent(last.elements))));
  const made = convolved(
    b,
    joined,
    sure(b.weight("blk.N.ssm_conv1d.weight", at)),
  );
  const bias = b.weight("blk.N.ssm_conv1d.bias", at);
  const xbc = g.like("UNARY", bias ? g.like("ADD", made, bias) : made);
  const x = g.slice(xbc, whole);
  const shared = () => g.slice(xbc, extent(state, groups, tokens, sequences));
  const dt = g.cont(g.slice(all, extent(heads, tokens, sequences)));
  const step = g.like("ADD", dt, sure(b.weight("blk.N.ssm_dt.bias", at)));
  const scanned = scan(b, layer, {
    x,
    shape: extent(state, width, heads),
    sources: [step, shared(), shared()],
  });
  const y = g.view(scanned, whole);
  const skipped = g.make("MUL", whole, [x, sure(b.weight("blk.N.ssm_d", at))]);
  const summed = g.make("ADD", whole, [y, skipped]);
  const contiguous = g.cont(gate);
  const gated = g.like("GLU", contiguous, summed);
  const normed = b.weight("blk.N.ssm_norm.weight", at)
    ? b.norm(
      g.reshape(gated, extent(inner / groups, groups, tokens, sequences)),
      "blk.N.ssm_norm",
      layer,
    )
    : gated;
  const rows = g.reshape(normed, extent(inner, plan.tokens));
  return b.linear("blk.N.ssm_out", at, rows);
}

function scan(
  b: GraphBuilder,
  layer: GraphLayer,
  { x, shape, sources: [step, bs, cs] }: {
    readonly x: GgmlNode;
    readonly shape: GgmlNode["ne"];
    readonly sources: readonly [GgmlNode, GgmlNode, GgmlNode];
  },
): GgmlNode {
  const { g, plan } = b;
  const floats = sure(layer.states).running;
  const decay = sure(b.weight("blk.N.ssm_a", layer.index));
  const { out, kept } = statesOf(
    b,
    layer,
    floats,
    (states, ids) =>
      g.make("SSM_SCAN", extent(x.elements + floats * ids.ne[0]), [
        g.reshape(
          states,
          extent(shape[0], shape[1], shape[2], plan.sequences),
        ),
        x,
        step,
        decay,
        bs,
        cs,
        ids,
      ]),
  );
  g.expand(
    g.copy(
      g.view(out, extent(floats * plan.sequences)),
      g.view(kept, extent(floats * plan.sequences)),
    ),
  );
  return out;
}

function flattened({ g, plan }: GraphBuilder, x: GgmlNode): GgmlNode {
  return g.reshape(x, extent(x.ne[0], plan.tokens));
}
