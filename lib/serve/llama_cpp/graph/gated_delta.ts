import { extent } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import type { GraphBuilder } from "./builder.ts";
import type { GraphLayer } from "./plan.ts";
import { convolutionInput, convolved, statesOf } from "./states.ts";
import { sure } from "../ggml/sure.ts";

/** The sizes of a gated delta net. */
export interface DeltaSizes {
  readonly keyHeads: number;
  readonly keyWidth: number;
  readonly valueHeads: number;
  readonly valueWidth: number;
  readonly kernel: number;
}

/**
 * The gated delta net of Qwen3-Next and Qwen3.5.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/models/qwen3next.cpp, qwen35.cpp,
 * build_layer_attn_linear; src/models/delta-net-base.cpp, build_recurrent_attn
 */
export function gatedDelta(
  b: GraphBuilder,
  layer: GraphLayer,
  x: GgmlNode,
  sizes: DeltaSizes,
): GgmlNode {
  const { g, plan } = b;
  const at = layer.index;
  const { keyHeads, keyWidth, valueHeads, valueWidth, kernel } = sizes;
  const { sequences } = plan;
  const tokens = plan.tokens / sequences;
  const channels = 2 * keyHeads * keyWidth + valueHeads * valueWidth;
  const mixed = g.reshape(
    b.linear("blk.N.attn_qkv", at, x),
    extent(channels, tokens, sequences),
  );
  const z = b.linear("blk.N.attn_gate", at, x);
  const { beta, decay } = gatesOf(b, layer, x, sizes);
  const input = convolutionInput(b, layer, mixed, { kernel, channels });
  const { out, kept } = statesOf(b, layer, sure(layer.states).running);
  const state = g.reshape(
    out,
    extent(valueWidth, valueWidth, valueHeads, sequences),
  );
  const weight = sure(b.weight("blk.N.ssm_conv1d.weight", at));
  const active = g.like("UNARY", convolved(b, input, weight));
  const heads = (width: number, count: number) =>
    g.slice(active, extent(width, count, tokens, sequences));
  const repeats = keyHeads !== valueHeads && plan.type.startsWith("qwen3_next");
  const normed = () => {
    const one = g.like("L2_NORM", heads(keyWidth, keyHeads));
    return repeats ? repeated(b, one, valueHeads) : one;
  };
  const query = normed();
  const key = normed();
  const value = heads(valueWidth, valueHeads);
  const made = g.make(
    "GATED_DELTA_NET",
    extent(valueWidth * valueHeads, plan.tokens + valueWidth * sequences),
    [query, key, value, decay, beta, state],
  );
  const output = g.view(
    made,
    extent(valueWidth, valueHeads, tokens, sequences),
  );
  g.expand(
    g.copy(
      g.view(
        made,
        extent(valueWidth, valueWidth, valueHeads, sequences),
      ),
      g.view(kept, extent(sure(layer.states).running, sequences)),
    ),
  );
  const gate = g.reshape(z, extent(valueWidth, valueHeads, tokens, sequences));
  const out4 = g.like(
    "MUL",
    b.norm(output, "blk.N.ssm_norm", layer),
    g.like("UNARY", gate),
  );
  const flat = g.reshape(
    out4,
    extent(valueWidth * valueHeads, tokens, sequences),
  );
  const projected = b.linear("blk.N.ssm_out", at, flat);
  return g.reshape(projected, extent(projected.ne[0], plan.tokens));
}

/** Each key head as often as there are value heads for it. */
function repeated(
  { g }: GraphBuilder,
  x: GgmlNode,
  heads: number,
): GgmlNode {
  const [width, own, tokens, sequences] = x.ne;
  const apart = g.reshape(x, extent(width, 1, own, tokens * sequences));
  const more = g.make(
    "REPEAT",
    extent(width, heads / own, own, tokens * sequences),
    [apart],
  );
  return g.reshape(more, extent(width, heads, tokens, sequences));
}

/** How much a token is written, and how much of the state fades. */
function gatesOf(
  b: GraphBuilder,
  layer: GraphLayer,
  x: GgmlNode,
  { keyHeads, valueHeads }: DeltaSizes,
): { beta: GgmlNode; decay: GgmlNode } {
  const { g, plan } = b;
  const at = layer.index;
  const { sequences } = plan;
  const tokens = plan.tokens / sequences;
  const ne = extent(1, valueHeads, tokens, sequences);
  const whole = extent(valueHeads, tokens, sequences);
  const both = b.weight("blk.N.ssm_ba.weight", at);
  let writes: GgmlNode;
  let fades: GgmlNode;
  if (both) {
    const mixed = g.reshape(
      b.linear("blk.N.ssm_ba", at, x),
      extent(2 * valueHeads / keyHeads, keyHeads, tokens, sequences),
    );
    const part = () =>
      g.slice(
        mixed,
        extent(valueHeads / keyHeads, keyHeads, tokens, sequences),
      );
    writes = g.reshape(g.like("UNARY", g.cont(part())), ne);
    fades = g.cont(part(), whole);
  } else {
    const one = g.reshape(b.linear("blk.N.ssm_beta", at, x), ne);
    writes = g.like("UNARY", one);
    fades = g.reshape(b.linear("blk.N.ssm_alpha", at, x), whole);
  }
  const biased = g.make("ADD", whole, [
    fades,
    sure(b.weight("blk.N.ssm_dt.bias", at)),
  ]);
  const decay = g.like(
    "MUL",
    g.like("UNARY", biased),
    sure(b.weight("blk.N.ssm_a", at)),
  );
  return { beta: writes, decay: g.reshape(decay, ne) };
}
