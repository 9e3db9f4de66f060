import type { Parameter } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import type { EmbeddingAdapter } from "../torch/ops/embedding.ts";
import type { Norm } from "../torch/ops/norms.ts";
import type { Mask } from "../layers/mask.ts";
import type { HandedFeatures } from "./features.ts";
import type { ImagePlan } from "./images.ts";
import type { LayerInputsPlan } from "./inputs_of_layers.ts";

/** What stands before the layers. */
export interface EmbeddingPlan {
  readonly rows: number;
  /** Labels of the batch. */
  readonly labels: number;
  /** Whether the tokens' ids stand throughout: their caller's, not the batch's. */
  readonly holdsIds?: boolean;
  /** Positions that the model's code numbers and refers to until it ends. */
  readonly numbered?: number;
  readonly hidden: number;
  readonly table: Parameter;
  readonly adapter: EmbeddingAdapter | null;
  readonly positions: Parameter | null;
  /** Positions that are looked up: those of one sequence, or of each. */
  readonly places: number;
  /** BLOOM's norm of the embeddings. */
  readonly norm: Norm | null;
  /** Whether the embeddings' module multiplies them, or the model's code; or none. */
  readonly scaled: "module" | "model" | null;
  readonly dropout: number;
  /** Rows of the rotary table: positions, of each sequence where models say so. */
  readonly rotaryRows: number;
  /** Features of each rotary table: Gemma 3 has one of its own for windows. */
  readonly rotaryWidths: readonly number[];
  /** Whether the model's code refers to the embeddings until it ends. */
  readonly held: boolean;
  /** Whether a gradient has to reach the embedding's output without weights. */
  readonly forcesGrad: boolean;
  /**
   * Whether what is asked for is the gradient of the hidden states, after positions
   * and dropout, in place of the embeddings'.
   */
  readonly forcesLate: boolean;
  /**
   * Whether a leaf and its gradient outlive the backward pass: a trainer's own
   * variable holds the loss, and with it the graph.
   */
  readonly holdsLeaf?: boolean;
  /** What the model makes for the attention of all layers... */
  readonly masks: readonly Mask[];
  /** ...which checkpoints hold until their layers have run again. */
  readonly keepsMasks: boolean;
  /** Images whose features stand among the embeddings; null without any. */
  readonly images: ImagePlan | null;
  /** Text that another block looked up; null: it is looked up here. */
  readonly text?: HandedFeatures | null;
  /** What the embeddings' other streams are projected by; none where left out. */
  readonly streams?: readonly AdaptedLinear[];
  /** Inputs that tokens have for each layer; none where it is left out. */
  readonly layerInputs?: LayerInputsPlan | null;
}
