import type { AttentionCode } from "../models/families/code/attention.ts";
import type { NormKind } from "../models/families/code/layer.ts";
import type { Model } from "../models/model.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import type { LayerPlan } from "../play/layers/decoder_layer.ts";
import type { Merge } from "../play/record/images.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { Kernels } from "../play/torch/kernels.ts";
import type { Machine } from "../play/torch/machine.ts";
import type { Parameter, PassEnds, Value } from "../play/torch/values.ts";
import type { ActivationKind } from "../play/torch/ops/activations.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import type { Norm } from "../play/torch/ops/norms.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Dropouts } from "./dropouts.ts";

/** How a model sees. */
export interface Sight {
  /** Pixels that the batch holds throughout the step. */
  readonly pixels: Tensors;
  /** Bytes of what the processor gives beside them; none where left out. */
  readonly batchBytes?: number;
  /**
   * What runs first, on the pixels.
   *
   * @param lead Asks for a gradient of what the tower's input embeddings gave.
   * @param hold Holds what all stages read until none is left.
   */
  readonly enter: (
    m: Machine,
    pixels: Value,
    lead: (patches: Value) => void,
    hold: (value: Value) => void,
  ) => Value;
  /** What runs behind it, each on what came before. */
  readonly stages: readonly SightStage[];
  /** Whether PEFT's hook on input embeddings is on the tower's too. */
  readonly leads: boolean;
  /** Whether images of other sizes are seen otherwise. */
  readonly readsSize: boolean;
  /** Placeholders among all samples' tokens that features take. */
  readonly tokens: number;
  /** Tokens beside them that the processor adds. */
  readonly others: number;
  /** How features get among the embeddings; null: layers of the decoder read them. */
  readonly merge: Merge | null;
  /**
   * How long a variable holds features as they are put among the embeddings: the
   * forward pass where it is left out.
   */
  readonly joinedUntil?: keyof PassEnds;
  /** Rows of features, and their mask, that the decoder's own layers read. */
  readonly crossed?: Crossed | null;
}

/** What the decoder's own layers read of images. */
export interface Crossed {
  /** Rows of a sample's features. */
  readonly rows: number;
  /** Which of them each token looks at: a bias in the weights' type. */
  readonly mask: Tensors;
}

/** So many elements of a type. */
export interface Tensors {
  readonly elements: number;
  readonly dtype: Dtype;
}

/** A piece of a model's sight. */
export interface SightStage {
  /** Stages of one key run the same code on what they are given. */
  readonly key: string;
  /** Whether it is a layer, which may be a checkpoint. */
  readonly isLayer: boolean;
  /**
   * Whether what it gives goes to a layer of the decoder, and the next stage reads
   * what it read; it does not where left out.
   */
  readonly hands?: boolean;
  /** Whether those features stand until no stage is left, not the forward pass. */
  readonly handsBriefly?: boolean;
  /** Whether they stand until their gradient has come: the decoder keeps them. */
  readonly handsForLong?: boolean;
  /**
   * How long what it gives stands where nobody reads it, and the next stage reads
   * what it read: until the model's body returns, or its forward pass ends.
   */
  readonly unread?: keyof PassEnds;
  /** Whether code refers to its input until no stage is left. */
  readonly held?: boolean;
  /** Keys of stages before it whose features it reads, not the decoder. */
  readonly reads?: readonly string[];
  /** @param read The features that it reads. */
  run(m: Machine, x: Value, read: readonly Value[]): Value;
}

/** What the layers of a tower do otherwise than those of its language model. */
export interface Tower {
  /** Rows of the batch, and tokens of each, as attention sees them. */
  readonly batch: number;
  readonly tokens: number;
  /** Features of a head. */
  readonly headWidth: number;
  readonly traits: TowerTraits;
  /** Null: those of the language model. */
  readonly kernels: Kernels | null;
  /** Whether a mask is handed to kernels that take one; not where left out. */
  readonly masked?: boolean;
  /** Whether each image has a call of attention of its own; not where left out. */
  readonly joins?: boolean;
  /** The type of that mask where it is a bias already. */
  readonly biasDtype?: Dtype;
  /** What its attention does otherwise than Llama's. */
  readonly attention?: Partial<AttentionCode>;
}

/** What its layers do, under the names of a family's traits. */
export interface TowerTraits {
  readonly rotary: "whole" | "none";
  readonly activation: ActivationKind;
  readonly dropout: Dropouts;
  readonly arrangement?: "pre" | "sandwich";
  readonly norm?: NormKind;
  readonly wideRotary?: boolean;
  readonly repeatedTables?: boolean;
  readonly scaledResiduals?: boolean;
  readonly wideSoftmax?: boolean;
  readonly attentionSoftcap?: boolean;
}

/** A stack of layers of a model's sight. */
export interface TowerStack {
  readonly path: string;
  readonly layers: readonly TowerLayer[];
}

/** A layer of a tower. */
export interface TowerLayer {
  /** Layers of one key hold the same tensors. */
  readonly key: string;
  planOf(tower: Tower): LayerPlan;
  /** Its modules. */
  readonly inside: ModuleSource;
}

/** What a program's sight is made from. */
export interface SightSource {
  readonly scenario: Scenario;
  readonly model: Model;
  /** The modules outside of layers. */
  readonly outside: ModuleSource;
  /** The stacks of layers that the model has for images. */
  readonly stacks: readonly TowerStack[];
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
export type SightOf = (source: SightSource) => FoundSight | {
  readonly reason: string;
};

/** How a model sees, and what of it nobody reads. */
export interface FoundSight {
  readonly sight: Sight;
  /** How many of a tensor's copies no gradient reaches: nobody reads their layer. */
  unread(name: string): number;
}
