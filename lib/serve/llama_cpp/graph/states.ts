import { extent, UNIT } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import type { GraphBuilder } from "./builder.ts";
import type { GraphLayer } from "./plan.ts";
import { sure } from "../ggml/sure.ts";

/**
 * The states that each sequence begins with, out of those that are kept.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-graph.cpp, build_rs
 *
 * @param read What reads them: rows that are copied, or a kernel that takes ids.
 */
export function statesOf(
  b: GraphBuilder,
  layer: GraphLayer,
  floats: number,
  read: (states: GgmlNode, ids: GgmlNode) => GgmlNode = (states, ids) =>
    b.g.rows(states, ids),
): { out: GgmlNode; kept: GgmlNode } {
  const { g, plan } = b;
  const kept = b.memory(layer, [floats, plan.sequences], UNIT.F32);
  const states = g.reshape(kept, extent(floats, plan.sequences));
  const cleared = g.view(states, extent(floats));
  g.expand(g.into("SCALE", cleared, [cleared]));
  const { main, extra } = b.stateIds();
  const out = g.expand(read(states, main));
  // States of sequences that do not take part are moved; none are reserved for.
  g.expand(
    g.copy(g.rows(states, extra), g.view(kept, extent(floats, 0))),
  );
  return { out, kept };
}

/** What a convolution over the tokens reads: the last ones before, and these. */
export function convolutionInput(
  b: GraphBuilder,
  layer: GraphLayer,
  x: GgmlNode,
  { kernel, channels }: { kernel: number; channels: number },
): GgmlNode {
  const { g, plan } = b;
  const { out, kept } = statesOf(b, layer, sure(layer.states).convolution);
  const before = g.reshape(
    out,
    extent(kernel - 1, channels, plan.sequences),
  );
  const input = g.concat(before, g.transpose(x));
  const last = g.slice(input, extent(kernel - 1, channels, plan.sequences));
  g.expand(g.copy(last, g.view(kept, extent(last.elements))));
  return input;
}

/** Convolved, of a weight of [kernel, channels]. */
export function convolved(
  { g }: GraphBuilder,
  input: GgmlNode,
  weight: GgmlNode,
): GgmlNode {
  const [width, channels, sequences] = input.ne;
  return g.make(
    "SSM_CONV",
    extent(channels, width - weight.ne[0] + 1, sequences),
    [input, weight],
  );
}
