import type { Config } from "../../../models/config.ts";
import { extent } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import type { GraphBuilder } from "./builder.ts";
import type { GraphTraits } from "./traits.ts";
import { sure } from "../ggml/sure.ts";

/**
 * A dense MLP: gate and up apart, side by side, or up alone.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-graph.cpp, build_ffn
 *
 * @param kind What its tensors' names end with: "_shexp" of a shared expert.
 */
export function denseMlp(
  b: GraphBuilder,
  traits: Pick<GraphTraits, "activation">,
  layer: number,
  x: GgmlNode,
  kind: "" | "_shexp" = "",
): GgmlNode {
  const { g } = b;
  const at = `blk.N.ffn_`;
  const up = b.linear(`${at}up${kind}`, layer, x);
  const inner = b.weight(`${at}down${kind}.weight`, layer)?.ne[0] ?? up.ne[0];
  const active = b.weight(`${at}gate${kind}.weight`, layer)
    ? g.like("GLU", b.linear(`${at}gate${kind}`, layer, x), up)
    : up.ne[0] === 2 * inner
    ? g.make("GLU", extent(inner, ...up.ne.slice(1)), [up])
    : activated(b, traits, up);
  return b.linear(`${at}down${kind}`, layer, active);
}

function activated(
  { g }: GraphBuilder,
  { activation }: Pick<GraphTraits, "activation">,
  x: GgmlNode,
): GgmlNode {
  const once = g.like("UNARY", x);
  return activation === "squared" ? g.like("SQR", once) : once;
}

/** Numbers of experts that CUDA's kernel for choosing them is made for. */
function choosesAtOnce(experts: number): boolean {
  return experts <= 512 && (experts & (experts - 1)) === 0 ||
    experts === 288 || experts === 576;
}

/** The most experts of a token that CUDA sums in one kernel. */
const SUMS_AT_ONCE = 15;

/** What routes tokens to experts. */
export interface Routed {
  readonly experts: number;
  readonly chosen: number;
  /** Groups of experts, and those that a token may choose from; null without. */
  readonly groups: readonly [all: number, used: number] | null;
  /** Whether experts are chosen by scores with a bias added, where no tensor says so. */
  readonly isBiased: boolean;
  /** Whether chosen weights are scaled by a factor other than 1. */
  readonly isScaled: boolean;
}

/**
 * Routed experts.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-graph.cpp, build_moe_ffn; the kernels
 * that keep tensors longer: ggml/src/ggml-cuda/topk-moe.cu,
 * ggml_cuda_should_use_topk_moe; ggml-cuda.cu,
 * ggml_cuda_match_moe_weighted_reduction
 *
 * @param logits The router's, where it has run already.
 */
export function routedMlp(
  b: GraphBuilder,
  { traits, config, routed }: {
    readonly traits: GraphTraits;
    readonly config: Config;
    readonly routed: Routed;
  },
  layer: number,
  x: GgmlNode,
  logits: GgmlNode = b.linear("blk.N.ffn_gate_inp", layer, x),
): GgmlNode {
  const { g } = b;
  const { experts, chosen } = routed;
  const tokens = x.ne[1];
  const gating = resolved(traits.gating, config);
  const probabilities = gating === "late"
    ? logits
    : g.like(gating === "softmax" ? "SOFT_MAX" : "UNARY", logits);
  const bias = b.weight("blk.N.exp_probs_b.bias", layer) ??
    (routed.isBiased ? b.kept(extent(experts), layer) : null);
  const biased = bias ? g.like("ADD", probabilities, bias) : probabilities;
  const among = traits.weighsFirst
    ? logits
    : routed.groups
    ? ofBestGroups(b, biased, routed.groups)
    : biased;
  const ids = g.top(among, chosen);
  const each = g.reshape(probabilities, extent(1, experts, tokens));
  let weights: GgmlNode = g.rows(each, ids);
  if (gating === "late") {
    const flat = g.reshape(weights, extent(chosen, tokens));
    weights = g.reshape(g.like("SOFT_MAX", flat), extent(1, chosen, tokens));
  }
  if (resolved(traits.normsChosen, config)) {
    const flat = g.reshape(weights, extent(chosen, tokens));
    const sum = g.like("CLAMP", g.sumRows(flat));
    weights = g.reshape(g.like("DIV", flat, sum), extent(1, chosen, tokens));
  }
  if (routed.isScaled) weights = g.like("SCALE", weights);
  g.expand(weights);
  if (
    gating !== "late" && among === biased && choosesAtOnce(experts) &&
    !traits.weighsFirst
  ) {
    g.fusions.push({ first: probabilities, last: weights, keeps: "all" });
  }
  const rows = g.reshape(x, extent(x.ne[0], 1, tokens));
  const read = traits.weighsFirst
    ? g.like(
      "MUL",
      g.make("REPEAT", extent(x.ne[0], chosen, tokens), [rows]),
      weights,
    )
    : rows;
  const down = expertsOf(
    b,
    "down",
    layer,
    active(b, traits, layer, read, ids),
    ids,
  );
  const weighted = traits.weighsFirst ? down : g.like("MUL", down, weights);
  g.expand(weighted);
  const views = Array.from(
    { length: chosen },
    () =>
      g.expand(g.slice(weighted, extent(x.ne[0], tokens), x.ne[0] * chosen)),
  );
  let sum = sure(views[0]);
  for (const view of views.slice(1)) {
    sum = g.expand(g.make("ADD", sum.ne, [sum, view]));
  }
  if (chosen === 1) return g.cont(sum);
  if (!traits.weighsFirst && chosen <= SUMS_AT_ONCE) {
    g.fusions.push({ first: weighted, last: sum, keeps: "first" });
  }
  return sum;
}

function active(
  b: GraphBuilder,
  traits: GraphTraits,
  layer: number,
  x: GgmlNode,
  ids: GgmlNode,
): GgmlNode {
  const { g } = b;
  const both = b.weight("blk.N.ffn_gate_up_exps.weight", layer);
  if (both) {
    const made = expertsOf(b, "gate_up", layer, x, ids);
    const ne = extent(made.ne[0] / 2, made.ne[1], made.ne[2]);
    return g.make("GLU", ne, [g.slice(made, ne), g.slice(made, ne)]);
  }
  const up = expertsOf(b, "up", layer, x, ids);
  return b.weight("blk.N.ffn_gate_exps.weight", layer)
    ? g.like("GLU", expertsOf(b, "gate", layer, x, ids), up)
    : activated(b, traits, up);
}

function expertsOf(
  b: GraphBuilder,
  name: string,
  layer: number,
  x: GgmlNode,
  ids: GgmlNode,
): GgmlNode {
  const { g } = b;
  const weight = b.weight(`blk.N.ffn_${name}_exps.weight`, layer) ??
    b.guessed(x.ne[0], b.plan.rowsOf(`blk.N.ffn_${name}_exps`, layer), layer);
  const product = g.matmulOf(weight, x, ids);
  const bias = b.weight(`blk.N.ffn_${name}_exps.bias`, layer);
  if (bias) return g.like("ADD_ID", product, bias, ids);
  const scale = b.weight(`blk.N.ffn_${name}_exps.scale`, layer);
  return scale ? scaledBy(b, product, scale, ids) : product;
}

/** What experts made, each times a number of its own. */
function scaledBy(
  { g }: GraphBuilder,
  x: GgmlNode,
  scale: GgmlNode,
  ids: GgmlNode,
): GgmlNode {
  const each = g.reshape(scale, extent(1, scale.elements));
  const all = g.make("REPEAT", extent(1, scale.elements, x.ne[2]), [each]);
  return g.like("MUL", x, g.rows(all, ids));
}

/** Scores with those of all but the best groups of experts filled in. */
function ofBestGroups(
  { g }: GraphBuilder,
  scores: GgmlNode,
  [groups, used]: readonly [number, number],
): GgmlNode {
  const [experts, tokens] = scores.ne;
  const width = experts / groups;
  const by = g.reshape(scores, extent(width, groups, tokens));
  const best = g.rows(
    g.reshape(by, extent(1, width, groups, tokens)),
    g.top(by, 2),
  );
  const sums = g.sumRows(
    g.reshape(best, extent(best.ne[1], best.ne[2], best.ne[3])),
  );
  const ids = g.top(g.reshape(sums, extent(groups, tokens)), used);
  const some = g.rows(by, ids);
  const filled = g.like("FILL", by);
  return g.reshape(
    g.into("SET_ROWS", filled, [some, ids, filled]),
    scores.ne,
  );
}

function resolved<T>(value: T | ((config: Config) => T), config: Config): T {
  return typeof value === "function"
    ? (value as (config: Config) => T)(config)
    : value;
}

/** A shared expert beside the routed ones, with its gate. */
export function sharedMlp(
  b: GraphBuilder,
  traits: GraphTraits,
  layer: number,
  x: GgmlNode,
): GgmlNode {
  const { g } = b;
  const gate = () => b.linear("blk.N.ffn_gate_inp_shexp", layer, x);
  if (traits.sharedGate === "silu") {
    const score = gate();
    const share = g.like("DIV", g.like("UNARY", score), score);
    return g.like("MUL", denseMlp(b, traits, layer, x, "_shexp"), share);
  }
  const out = denseMlp(b, traits, layer, x, "_shexp");
  return traits.sharedGate === "sigmoid"
    ? g.like("MUL", out, g.like("UNARY", gate()))
    : out;
}
