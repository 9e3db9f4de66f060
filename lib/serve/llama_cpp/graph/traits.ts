import type { Config } from "../../../models/config.ts";
import type { NormOp } from "./builder.ts";
import type { GraphLayer } from "./plan.ts";

/** How a layer is put together. */
export type LayerForm =
  /** A norm before each half. */
  | "pre"
  /** A norm before and after each half. */
  | "sandwich"
  /** A norm after each half alone. */
  | "post"
  /** Both halves read one norm's result, or one each, of the layer's input. */
  | "parallel";

/** How the experts of each token are chosen. */
export type Gating = "softmax" | "sigmoid" | "late";

/** What a graph of llama.cpp does that the file's tensors do not tell. */
export interface GraphTraits {
  readonly form: LayerForm;
  readonly norm: NormOp;
  /** Whether queries are scaled by an operation of their own. */
  readonly scalesQueries: boolean;
  readonly scalesEmbeddings: boolean;
  /** Whether what a half gives is scaled before it is added: Granite. */
  readonly scalesResiduals: boolean;
  /** Operations on the logits. */
  readonly logits: "none" | "scaled" | "capped";
  /** Whether scores are capped where flash attention is off. */
  readonly capsScores: boolean;
  /** Whether rows are cut behind the last layer instead of in it. */
  readonly cutsLate: boolean;
  /** With late cuts: before the last norm, or behind it. */
  readonly cutsNormed: boolean;
  /** In which of a layer's two sums the residual is the first term. */
  readonly residualFirst: "neither" | "second" | "both";
  /** How a layer's heads learn their positions. */
  readonly turns: (layer: GraphLayer, config: Config) => boolean;
  /** Numbers of a token's position: those of images have four. */
  readonly positions: number;
  /** Whether heads are normed after they are turned. */
  readonly normsTurned: boolean;
  /** Whether turned heads are normed without weights: Llama 4. */
  readonly normsBare: (config: Config) => boolean;
  /** Whether values are normed without weights, and may be the keys: Gemma 4. */
  readonly normsValues: boolean;
  /** Whether layers have inputs of their own and scale what they give: Gemma 4. */
  readonly ownInputs: boolean;
  /** Whether queries that are not turned are scaled by their position. */
  readonly scalesUnturned: boolean;
  readonly gating: Gating | ((config: Config) => Gating);
  /** Whether chosen experts' weights are divided by their sum. */
  readonly normsChosen: boolean | ((config: Config) => boolean);
  /** Whether experts read what is weighted already: Llama 4. */
  readonly weighsFirst: boolean;
  /** How a plain MLP's activation is computed. */
  readonly activation: "unary" | "squared";
  /** Whether a shared expert has a gate, and what of. */
  readonly sharedGate: "none" | "sigmoid" | "silu";
  /** What is taken of the routed experts' result and the shared one's. */
  readonly sharedSum: "sum" | "mean";
  /** Which two terms of a parallel layer are added first. */
  readonly sums: "attention, mlp" | "mlp, attention" | "mlp, input";
  /** Whether norms before the mixer are put into the graph at once. */
  readonly asksEarly: boolean;
  /** Whether layers with windows have a cache of their own. */
  readonly windows: boolean;
}

/** What is so of a type that does not say otherwise: Llama's graph. */
export const USUAL_GRAPH: GraphTraits = {
  form: "pre",
  norm: "RMS_NORM",
  scalesQueries: false,
  scalesEmbeddings: false,
  scalesResiduals: false,
  logits: "none",
  capsScores: false,
  cutsLate: false,
  cutsNormed: false,
  residualFirst: "neither",
  turns: () => true,
  positions: 1,
  normsTurned: false,
  normsBare: () => false,
  normsValues: false,
  ownInputs: false,
  scalesUnturned: false,
  gating: "softmax",
  normsChosen: true,
  weighsFirst: false,
  activation: "unary",
  sharedGate: "none",
  sharedSum: "sum",
  sums: "mlp, input",
  asksEarly: false,
  windows: false,
};
