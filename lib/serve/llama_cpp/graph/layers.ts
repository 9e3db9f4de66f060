import type { GgmlNode } from "../ggml/tensor.ts";
import type { GraphBuilder } from "./builder.ts";
import { gatedDelta } from "./gated_delta.ts";
import { attention } from "./heads.ts";
import { latentAttention } from "./latent.ts";
import { mamba, mamba2 } from "./mamba.ts";
import type { Routed } from "./mlp.ts";
import { denseMlp, routedMlp, sharedMlp } from "./mlp.ts";
import { besideExperts } from "./gemma4.ts";
import type { GraphLayer } from "./plan.ts";
import { shortConvolution } from "./short_convolution.ts";
import type { GraphSizes } from "./sizes.ts";
import type { GraphTraits } from "./traits.ts";
import { sure } from "../ggml/sure.ts";

const AT = "blk.N.";

/** All that a layer's pieces go by. */
export interface LayerContext {
  readonly b: GraphBuilder;
  readonly traits: GraphTraits;
  readonly sizes: GraphSizes;
}

/** One layer: what it reads and gives. */
export function layerOf(
  context: LayerContext,
  layer: GraphLayer,
  x: GgmlNode,
): GgmlNode {
  const { b, traits } = context;
  const isCut = layer.index === b.plan.depth - 1 && !traits.cutsLate;
  const cut = (each: GgmlNode) => isCut ? b.cut(each) : each;
  return traits.form === "parallel"
    ? parallel(context, layer, x, cut)
    : inTurn(context, layer, x, cut);
}

type Cut = (x: GgmlNode) => GgmlNode;

/** Attention, then the MLP. */
function inTurn(
  context: LayerContext,
  layer: GraphLayer,
  x: GgmlNode,
  cut: Cut,
): GgmlNode {
  const { b, traits } = context;
  const isPost = traits.form === "post";
  const read = isPost ? x : normedInput(context, layer, x);
  const mixedOut = mixed(context, layer, read, x);
  if (isMlpAlone(b, layer) || !hasMlp(b, layer) && !hasSecond(b, layer)) {
    return sum(context, "first", cut(mixedOut), cut(x));
  }
  // What stands beside states is cut behind the sum.
  const isBoth = layer.states !== null && layer.cache !== null;
  const out = isBoth ? mixedOut : cut(mixedOut);
  const rest = isBoth ? x : cut(x);
  const attended = traits.form === "pre"
    ? scaledResidual(context, out)
    : b.norm(out, `${AT}post_attention_norm`, layer, traits.norm);
  const added = sum(context, "first", attended, rest);
  const between = isBoth ? cut(added) : added;
  const made = secondHalf(context, layer, between);
  const scaled = traits.form === "pre"
    ? scaledResidual(context, made)
    : b.norm(made, `${AT}post_ffw_norm`, layer, traits.norm);
  return sum(context, "second", scaled, between);
}

/** What a layer's second half makes of the first's sum. */
function secondHalf(
  context: LayerContext,
  layer: GraphLayer,
  x: GgmlNode,
): GgmlNode {
  const { b, traits } = context;
  if (traits.form === "post") return mlp(context, layer, x);
  const router = b.weight(`${AT}ffn_gate_inp.weight`, layer.index);
  if (router && traits.ownInputs) {
    return besideExperts(b, traits, routedBy(context, router), layer, x);
  }
  const normed = b.norm(x, ffnNorm(b, layer), layer, traits.norm);
  return mlp(context, layer, normed);
}

/** A router's experts and those of a token. */
function routedBy(
  { sizes: { routed } }: LayerContext,
  { ne: [, experts] }: GgmlNode,
): Routed {
  return { ...routed, experts, chosen: Math.min(routed.chosen, experts) };
}

function sum(
  { b, traits: { residualFirst } }: LayerContext,
  which: "first" | "second",
  made: GgmlNode,
  rest: GgmlNode,
): GgmlNode {
  return residualFirst === "both" || residualFirst === which
    ? b.g.like("ADD", rest, made)
    : b.g.like("ADD", made, rest);
}

function scaledResidual(
  { b, traits }: LayerContext,
  x: GgmlNode,
): GgmlNode {
  return traits.scalesResiduals ? b.g.like("SCALE", x) : x;
}

/** What a layer's mixer reads; some graphs ask for it at once. */
function normedInput(
  { b, traits }: LayerContext,
  layer: GraphLayer,
  x: GgmlNode,
): GgmlNode {
  const normed = b.norm(x, `${AT}attn_norm`, layer, traits.norm);
  return traits.asksEarly ? b.g.expand(normed) : normed;
}

/** The norm between the halves: some files call it after the attention. */
function ffnNorm(b: GraphBuilder, layer: GraphLayer): string {
  return b.weight(`${AT}ffn_norm.weight`, layer.index)
    ? `${AT}ffn_norm`
    : `${AT}post_attention_norm`;
}

/** Whether a layer has a second half at all: Mamba's and Nemotron-H's have one. */
function hasSecond(b: GraphBuilder, layer: GraphLayer): boolean {
  return b.weight(`${ffnNorm(b, layer)}.weight`, layer.index) !== null;
}

function hasMlp(b: GraphBuilder, { index }: GraphLayer): boolean {
  return ["ffn_down", "ffn_down_exps", "ffn_down_shexp"].some((name) =>
    b.weight(`${AT}${name}.weight`, index) !== null
  );
}

/** Nemotron-H has layers that are an MLP alone. */
function isMlpAlone(b: GraphBuilder, layer: GraphLayer): boolean {
  return layer.states === null && layer.cache === null &&
    hasMlp(b, layer);
}

/** Attention, states, or both beside each other. */
function mixed(
  { b, traits, sizes }: LayerContext,
  layer: GraphLayer,
  x: GgmlNode,
  input: GgmlNode,
): GgmlNode {
  if (isMlpAlone(b, layer)) return mlp({ b, traits, sizes }, layer, x);
  if (layer.states === null) {
    return sizes.latent
      ? latentAttention(b, layer, x, sizes.latent)
      : attention(b, traits, layer, x);
  }
  if (b.weight(`${AT}shortconv.conv.weight`, layer.index)) {
    return shortConvolution(b, layer, x);
  }
  if (!hasMixer(b, sizes, layer)) return someMixer(b, layer, x);
  if (sizes.delta) return gatedDelta(b, layer, x, sizes.delta);
  const run = sure(sizes.mamba).heads > 0 ? mamba2 : mamba;
  if (layer.cache === null) return run(b, layer, x, sure(sizes.mamba));
  const attended = attention(b, traits, layer, x);
  // Falcon-H1's graph norms the same input for each of them.
  const again = b.norm(input, `${AT}attn_norm`, layer, traits.norm);
  return b.g.like("ADD", attended, run(b, layer, again, sure(sizes.mamba)));
}

function mlp(
  context: LayerContext,
  { index }: GraphLayer,
  x: GgmlNode,
): GgmlNode {
  const { b, traits } = context;
  const router = b.weight(`${AT}ffn_gate_inp.weight`, index);
  if (router === null) {
    // The converter writes a shared MLP without experts as a plain one.
    const isShared = b.weight(`${AT}ffn_down.weight`, index) === null &&
      b.weight(`${AT}ffn_down_shexp.weight`, index) !== null;
    return denseMlp(b, traits, index, x, isShared ? "_shexp" : "");
  }
  const routed = routedMlp(
    b,
    {
      traits,
      config: b.plan.config,
      routed: routedBy(context, router),
    },
    index,
    x,
  );
  if (!b.weight(`${AT}ffn_up_shexp.weight`, index)) return routed;
  const both = b.g.like("ADD", routed, sharedMlp(b, traits, index, x));
  return traits.sharedSum === "mean" ? b.g.like("SCALE", both) : both;
}

/** Whether the file has the tensors of a state-space layer that is known. */
function hasMixer(
  b: GraphBuilder,
  { delta, mamba }: GraphSizes,
  layer: GraphLayer,
) {
  const has = (name: string) => b.weight(`${AT}${name}`, layer.index) !== null;
  return has("ssm_conv1d.weight") && has("ssm_a") &&
    (delta !== null ? has("attn_qkv.weight") : mamba !== null);
}

/** In place of a mixer that is not known: a gated projection in and one out. */
function someMixer(
  b: GraphBuilder,
  { index }: GraphLayer,
  x: GgmlNode,
): GgmlNode {
  const { g, plan } = b;
  const wide = b.guessed(x.ne[0], 3 * plan.hidden, index);
  const all = g.matmul(wide, x);
  const gated = g.make("GLU", x.ne, [g.slice(all, x.ne), g.slice(all, x.ne)]);
  return g.matmul(b.guessed(plan.hidden, plan.hidden, index), gated);
}

/** Both halves of the same input. */
function parallel(
  context: LayerContext,
  layer: GraphLayer,
  x: GgmlNode,
  cut: Cut,
): GgmlNode {
  const { b, traits } = context;
  const normed = b.norm(x, `${AT}attn_norm`, layer, traits.norm);
  // Falcon 40B and GPT-NeoX norm what the MLP reads apart.
  const second = b.weight(`${AT}attn_norm_2.weight`, layer.index)
    ? b.norm(x, `${AT}attn_norm_2`, layer, traits.norm)
    : normed;
  const attended = cut(mixed(context, layer, second, x));
  const rest = cut(x);
  const own = b.weight(`${AT}ffn_norm.weight`, layer.index);
  const read = own
    ? b.norm(rest, `${AT}ffn_norm`, layer, traits.norm)
    : cut(normed);
  const made = mlp(context, layer, read);
  const { g } = b;
  switch (traits.sums) {
    case "attention, mlp":
      return g.like("ADD", g.like("ADD", attended, made), rest);
    case "mlp, attention":
      return g.like("ADD", g.like("ADD", made, attended), rest);
    case "mlp, input":
      return g.like("ADD", g.like("ADD", made, rest), attended);
  }
}
