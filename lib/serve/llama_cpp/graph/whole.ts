import { extent } from "../ggml/graph.ts";
import type { GgmlGraph } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import { GraphBuilder } from "./builder.ts";
import { layerInputs, withLayerInput } from "./gemma4.ts";
import { layerOf } from "./layers.ts";
import type { GraphPlan } from "./plan.ts";
import type { GraphSizes } from "./sizes.ts";
import type { GraphTraits } from "./traits.ts";

/**
 * The graph of one ubatch, from the embedding to the logits.
 *
 * @param plan Its layers may be some of the model's: the last has to be the last.
 */
export function graphOf(
  plan: GraphPlan,
  traits: GraphTraits,
  sizes: GraphSizes,
): { readonly graph: GgmlGraph; readonly isGuessed: boolean } {
  const b = new GraphBuilder(plan, traits.positions);
  const { g } = b;
  let x = beginning(b, traits);
  const inputs = traits.ownInputs ? layerInputs(b, x) : null;
  for (const layer of plan.layers) {
    x = layerOf({ b, traits, sizes }, layer, x);
    if (traits.ownInputs) x = withLayerInput(b, layer, x, inputs);
  }
  if (traits.cutsLate && traits.cutsNormed) {
    x = b.norm(x, lastNorm(b), null, traits.norm);
    x.isOutput = true;
    x = b.cut(x);
  } else {
    if (traits.cutsLate) {
      // Kept whole: it is what a draft of the next token reads.
      x.isOutput = true;
      x = b.cut(x);
    }
    x = b.norm(x, lastNorm(b), null, traits.norm);
    x.isOutput = true;
  }
  g.expand(logitsOf(b, traits, x));
  return { graph: g, isGuessed: b.isGuessed };
}

const OUTPUT_NORM = "output_norm";
const EMBEDDING_NORM = "token_embd_norm";

/** The last norm: LFM2's files call it after the embedding. */
function lastNorm(b: GraphBuilder): string {
  return !b.weight(`${OUTPUT_NORM}.weight`, null) &&
      b.weight(`${EMBEDDING_NORM}.weight`, null)
    ? EMBEDDING_NORM
    : OUTPUT_NORM;
}

function beginning(b: GraphBuilder, traits: GraphTraits): GgmlNode {
  const { g } = b;
  const rows = b.embedded(traits.scalesEmbeddings);
  const table = b.weight("position_embd.weight", null);
  const placed = table ? g.like("ADD", rows, g.rows(table, b.positions)) : rows;
  return b.weight("token_embd_norm.weight", null) &&
      lastNorm(b) === OUTPUT_NORM
    ? b.norm(placed, EMBEDDING_NORM, null, traits.norm)
    : placed;
}

function logitsOf(
  b: GraphBuilder,
  traits: GraphTraits,
  x: GgmlNode,
): GgmlNode {
  const { g } = b;
  const head = b.weight("output.weight", null) ??
    b.guessed(x.ne[0], b.plan.rowsOf("output", null), null);
  let logits = g.make("MUL_MAT", extent(head.ne[1], x.ne[1]), [head, x]);
  const bias = b.weight("output.bias", null);
  if (bias) logits = g.like("ADD", logits, bias);
  if (traits.logits !== "none") logits = g.like("SCALE", logits);
  if (traits.logits === "capped") {
    logits = g.like("SCALE", g.like("UNARY", logits));
  }
  logits.isOutput = true;
  return logits;
}
