import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Parameter } from "../machine.ts";
import type { LayerPlan } from "../layers/decoder_layer.ts";
import type { AdaptedLinear } from "../ops/adapted_linear.ts";
import type { ActivationKind } from "../ops/activations.ts";
import type { Norm } from "../ops/norms.ts";
import type { Merge } from "../vision/images.ts";
import type { Dtype } from "../dtype.ts";
import type { LayerFacts } from "./layer_plan.ts";
import type { Modules } from "./modules.ts";
import { isNanoVlm } from "./nanovlm_plan.ts";
import { nanoVlmVision } from "./nanovlm_vision.ts";
import type { LayerKind, Stack } from "./stacks.ts";

/** How a model sees: its tower, its projector, and the tokens that it yields. */
export interface VisionPlan {
  /** Images of a batch. */
  readonly images: number;
  readonly pixels: { readonly elements: number; readonly dtype: Dtype };
  /** Rows of all images in the tower. */
  readonly rows: number;
  readonly width: number;
  readonly patches: {
    readonly weight: Parameter;
    readonly bias: Parameter | null;
    /** Rows that the convolution yields. */
    readonly rows: number;
  };
  /** What is added to each image's rows. */
  readonly positions: {
    readonly parameter: Parameter;
    /** Whether rows of a table are looked up by their numbers. */
    readonly lookedUp: boolean;
  } | null;
  readonly dropout: number;
  readonly stack: Stack;
  layerOf(kind: LayerKind): LayerPlan;
  readonly finalNorm: Norm | null;
  readonly projector: ProjectorPlan;
  /** Tokens of all images before the language model. */
  readonly tokens: number;
  readonly merge: Merge;
}

/** From the tower's last rows to tokens of the language model. */
export interface ProjectorPlan {
  /** Patches that are put side by side, as a copy; 1 for none. */
  readonly joins: number;
  readonly norm: Norm | null;
  readonly linears: readonly AdaptedLinear[];
  readonly activation: ActivationKind;
}

/** What a vision plan is made from. */
export interface VisionSource {
  readonly scenario: Scenario;
  readonly model: Model;
  readonly facts: LayerFacts;
  readonly outside: Modules;
  modulesOf(stack: Stack, kind: LayerKind): Modules;
}

/** Plans how a model sees a scenario's images, or says why it cannot. */
export function visionPlanOf(
  source: VisionSource,
): VisionPlan | { reason: string } {
  if (isNanoVlm(source.model)) return nanoVlmVision(source);
  return {
    reason:
      `images of models of type ${source.model.architecture.type} are not played through yet`,
  };
}
