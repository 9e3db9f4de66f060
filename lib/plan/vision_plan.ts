import type { Tensor } from "../models/tensors/tensor.ts";
import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Parameter } from "../play/torch/machine.ts";
import type { LayerPlan } from "../play/layers/decoder_layer.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import type { ActivationKind } from "../play/torch/ops/activations.ts";
import type { Norm } from "../play/torch/ops/norms.ts";
import type { Merge } from "../play/record/images.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { LayerFacts } from "./layer_plan.ts";
import type { Modules } from "./modules.ts";
import { isNanoVlm } from "./nanovlm_plan.ts";
import { nanoVlmVision } from "./nanovlm_vision.ts";
import type { LayerKind, Stack } from "./stacks.ts";
import { transformersVision } from "./transformers_vision.ts";

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
  /** Whether a learned row stands before each image's. */
  readonly classToken: boolean;
  /** CLIP's norm before the layers. */
  readonly preNorm: Norm | null;
  readonly dropout: number;
  /** Features of a rotary table in fp32; 0 where there is none. */
  readonly rotaryWidth: number;
  readonly stack: Stack;
  layerOf(kind: LayerKind): LayerPlan;
  readonly finalNorm: Norm | null;
  readonly projector: ProjectorPlan;
  /** Tokens of all images before the language model. */
  readonly tokens: number;
  readonly merge: Merge;
  /** How many of a tensor's copies no gradient reaches: nobody reads their layer. */
  unread(name: string): number;
}

/** From the tower's last rows to tokens of the language model. */
export interface ProjectorPlan {
  /** Patches that become one token. */
  readonly joins: number;
  /** What that takes: their mean of a copy, a copy, or another view. */
  readonly makes: "means" | "a copy" | "nothing";
  readonly norm: Norm | null;
  readonly normRows: number;
  readonly linears: readonly AdaptedLinear[];
  readonly activation: ActivationKind;
}

/** What a vision plan is made from. */
export interface VisionSource {
  readonly scenario: Scenario;
  readonly model: Model;
  readonly facts: LayerFacts;
  readonly outside: Modules;
  /** The stacks of some tensors, with their adapters. */
  stacksIn(tensors: readonly Tensor[]): Stack[];
  modulesOf(stack: Stack, kind: LayerKind): Modules;
}

/** Plans how a model sees a scenario's images, or says why it cannot. */
export function visionPlanOf(
  source: VisionSource,
): VisionPlan | { reason: string } {
  if (isNanoVlm(source.model)) return nanoVlmVision(source);
  return transformersVision(source);
}
