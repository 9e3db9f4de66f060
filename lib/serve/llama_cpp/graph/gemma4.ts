import { extent, UNIT } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import type { GraphBuilder } from "./builder.ts";
import type { Routed } from "./mlp.ts";
import { denseMlp, routedMlp } from "./mlp.ts";
import type { GraphLayer } from "./plan.ts";
import type { GraphTraits } from "./traits.ts";

const ALL = "per_layer_token_embd.weight";

/**
 * What each layer is given of every token beside what the layer before it made;
 * null where the file has no table of it.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/models/gemma4.cpp, build_inp_per_layer,
 * project_per_layer_inputs
 *
 * @param x The embedding's rows.
 */
export function layerInputs(b: GraphBuilder, x: GgmlNode): GgmlNode | null {
  const { g, plan } = b;
  const table = b.weight(ALL, null);
  if (table === null) return null;
  const tokens = g.input(extent(plan.tokens), UNIT.I32);
  const width = table.ne[0] / plan.depth;
  const ne = extent(width, plan.depth, plan.tokens);
  const looked = g.like("SCALE", g.reshape(g.rows(table, tokens), ne));
  g.expand(looked);
  const projected = g.like("SCALE", b.linear("per_layer_model_proj", null, x));
  const normed = b.norm(g.reshape(projected, ne), "per_layer_proj_norm", null);
  const both = g.like("SCALE", g.like("ADD", normed, looked));
  return g.cont(g.swapped(both));
}

/** A layer's result with what it is given of each token, and scaled. */
export function withLayerInput(
  b: GraphBuilder,
  layer: GraphLayer,
  x: GgmlNode,
  inputs: GgmlNode | null,
): GgmlNode {
  const { g, plan } = b;
  const at = layer.index;
  const scale = b.kept(extent(1), at);
  if (inputs === null) return g.like("MUL", x, scale);
  const gate = g.like("UNARY", b.linear("blk.N.inp_gate", at, x));
  const own = g.view(inputs, extent(inputs.ne[0], plan.tokens));
  const made = b.linear("blk.N.proj", at, g.like("MUL", gate, own));
  const normed = b.norm(made, "blk.N.post_norm", layer);
  return g.like("MUL", g.like("ADD", x, normed), scale);
}

/**
 * An MLP and experts beside each other, each with norms of its own.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/models/gemma4.cpp
 */
export function besideExperts(
  b: GraphBuilder,
  traits: GraphTraits,
  routed: Routed,
  layer: GraphLayer,
  x: GgmlNode,
): GgmlNode {
  const { g, plan: { config } } = b;
  const at = layer.index;
  const dense = b.norm(
    denseMlp(b, traits, at, b.norm(x, "blk.N.ffn_norm", layer)),
    "blk.N.post_ffw_norm_1",
    layer,
  );
  const read = b.norm(x, "blk.N.pre_ffw_norm_2", layer);
  const scale = b.weight("blk.N.ffn_gate_inp.scale", at);
  const plain = g.like("SCALE", g.like("RMS_NORM", x));
  const asked = scale ? g.like("MUL", plain, scale) : plain;
  const logits = b.linear("blk.N.ffn_gate_inp", at, asked);
  const made = routedMlp(b, { traits, config, routed }, at, read, logits);
  return g.like("ADD", dense, b.norm(made, "blk.N.post_ffw_norm_2", layer));
}
