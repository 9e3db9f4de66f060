import { extent } from "../ggml/graph.ts";
import { sure } from "../ggml/sure.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import type { GraphBuilder } from "./builder.ts";
import type { GraphLayer } from "./plan.ts";
import { convolutionInput, convolved } from "./states.ts";

const AT = "blk.N.shortconv.";

/**
 * LFM2's gated convolution over a few tokens.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/models/lfm2.cpp, build_shortconv_block
 */
export function shortConvolution(
  b: GraphBuilder,
  layer: GraphLayer,
  x: GgmlNode,
): GgmlNode {
  const { g, plan } = b;
  const at = layer.index;
  const { sequences } = plan;
  const weight = sure(b.weight(`${AT}conv.weight`, at));
  const [kernel, channels] = weight.ne;
  const whole = extent(channels, plan.tokens / sequences, sequences);
  const flat = g.reshape(x, extent(x.ne[0], whole[1], sequences));
  const all = b.linear(`${AT}in_proj`, at, flat);
  const part = () => g.slice(all, whole);
  const gate = part();
  const gated = g.make("MUL", whole, [part(), part()]);
  const input = convolutionInput(b, layer, gated, { kernel, channels });
  const out = g.make("MUL", whole, [gate, convolved(b, input, weight)]);
  const projected = b.linear(`${AT}out_proj`, at, out);
  return g.reshape(projected, extent(projected.ne[0], plan.tokens));
}
