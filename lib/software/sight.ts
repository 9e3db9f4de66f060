import type { NormKind } from "../models/families/code/layer.ts";
import type { Model } from "../models/model.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import type { Merge } from "../play/record/images.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { Kernels } from "../play/torch/kernels.ts";
import type { Parameter } from "../play/torch/values.ts";
import type { ActivationKind } from "../play/torch/ops/activations.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import type { Norm } from "../play/torch/ops/norms.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Dropouts } from "./dropouts.ts";

/** How a model sees, beside the layers of its tower. */
export interface Sight {
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
  readonly finalNorm: Norm | null;
  readonly projector: ProjectorPlan;
  /** Tokens of all images before the language model. */
  readonly tokens: number;
  readonly merge: Merge;
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

/** What the layers of a tower do otherwise than those of its language model. */
export interface Tower {
  /** Features of a head. */
  readonly headWidth: number;
  readonly traits: TowerTraits;
  /** Null: those of the language model. */
  readonly kernels: Kernels | null;
  /** Layers at the end that nobody reads... */
  readonly unreadLayers: number;
  /** ...and names of tensors outside of them; null where all are read. */
  readonly unread: RegExp | null;
}

/** What its layers do, under the names of a family's traits. */
export interface TowerTraits {
  readonly rotary: "whole" | "none";
  readonly activation: ActivationKind;
  readonly dropout: Dropouts;
  readonly arrangement?: "pre";
  readonly norm?: NormKind;
  readonly wideRotary?: boolean;
  readonly repeatedTables?: boolean;
  readonly scaledResiduals?: boolean;
  readonly wideSoftmax?: boolean;
  readonly attentionSoftcap?: boolean;
}

/** What a program's sight is made from. */
export interface SightSource {
  readonly scenario: Scenario;
  readonly model: Model;
  /** The modules outside of layers. */
  readonly outside: ModuleSource;
  /** How many stacks of layers the model has for images. */
  readonly towers: number;
}

/** Takes a tensor by its name. */
type Test = (name: string, tensor: Tensor) => boolean;

/** Gives modules by their paths; null where there is none. */
export interface ModuleSource {
  /** The first tensor that a test takes. */
  find(test: Test): string | null;
  /** The path of the first module whose weight a test takes. */
  pathOf(test: Test): string | null;
  parameter(name: string | null): Parameter | null;
  linear(path: string | null): AdaptedLinear | null;
  norm(path: string | null, kind: NormKind): Norm | null;
}

/** Finds out how a model's images are seen, or why they are not played. */
export type SightOf = (
  source: SightSource,
) => { readonly sight: Sight; readonly tower: Tower } | {
  readonly reason: string;
};
