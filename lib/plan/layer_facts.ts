import type { Config } from "../models/config.ts";
import type { Architecture } from "../models/architecture.ts";
import type { FamilyCode } from "../models/families/code/code.ts";
import { codeOfModel } from "../models/code_of_model.ts";
import { told } from "../models/families/code/setting.ts";
import type { Model } from "../models/model.ts";
import type { LayerPlan } from "../play/layers/decoder_layer.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Dispatch } from "../play/layers/expert_types.ts";
import type { Kernels } from "../play/torch/kernels.ts";
import type { AttentionSettings } from "../play/torch/ops/attention/types.ts";
import type { ModelCode } from "../software/model_code.ts";
import { dispatchOf } from "./dispatched.ts";
import type { StateSpaceFacts } from "./state_space_plan.ts";
import { contextOf, tilesOfMlp } from "./context.ts";
import { playedTraits } from "./played_traits.ts";
import type { Traits } from "./traits.ts";
import { innerConfig, traitsOf } from "./traits.ts";

/** What a layer's plan needs to know beside its tensors. */
export interface LayerFacts {
  readonly architecture: Architecture;
  /** The language model's own. */
  readonly config: Config;
  /** How the code of the model's type runs, and its traits by the config. */
  readonly family: FamilyCode;
  readonly traits: Traits;
  readonly batch: number;
  readonly sequence: number;
  readonly attention: Pick<
    AttentionSettings,
    | "implementation"
    | "masked"
    | "keyMask"
    | "causal"
    | "unpads"
    | "context"
    | "byArithmetic"
    | "biasDtype"
    | "joins"
    | "flashDtype"
  >;
  readonly kernels: Kernels;
  readonly code: ModelCode;
  /** Whether a forward pass of training fills a cache of keys and values. */
  readonly cached: boolean;
  /** How ranks share the experts; null where each has all. */
  readonly dispatch: Dispatch | null;
  /** Tiles of the tokens that MLPs run one after the other; null: all at once. */
  readonly tiles: number | null;
  /** What runs an xIELU; null of models without one. */
  readonly xielu: "kernel" | "torch" | null;
  /** Of models with state spaces; null of others. */
  readonly stateSpaces: StateSpaceFacts | null;
}

/** What the layers of a scenario's model have in common. */
export function layerFactsOf(
  scenario: Scenario,
  model: Model,
  code: ModelCode,
  stateSpaces: StateSpaceFacts | null,
): LayerFacts {
  const { train } = scenario;
  const { architecture, config } = model;
  const family = codeOfModel(model);
  const traits = traitsOf(family, config ?? {}, architecture.head_dim);
  const picks = family.attention.picksTokens;
  return {
    architecture,
    config: innerConfig(config ?? {}),
    family,
    traits: playedTraits(traits, train.kernels, code),
    batch: train.micro_batch,
    sequence: train.sequence_length,
    attention: {
      implementation: picks && train.attention === "flash"
        ? "sdpa"
        : train.attention,
      masked: train.padding_mask || picks ||
        (train.images_per_sample > 0 && family.sight !== null &&
          told(family.sight.masksImages, innerConfig(config ?? {}))),
      keyMask: code.keyMask,
      causal: true,
      unpads: train.padding_mask && code.unpads,
      flashDtype: scenario.quantization.weights === "none"
        ? null
        : scenario.precision.weights,
      context: contextOf(scenario),
    },
    kernels: train.kernels,
    code,
    cached: code.fillsCache,
    dispatch: dispatchOf(scenario),
    tiles: tilesOfMlp(scenario, architecture),
    xielu: xieluOf(scenario, model),
    stateSpaces,
  };
}

/**
 * An xIELU runs in a kernel of its own package where that is installed.
 *
 * Source: huggingface/transformers activations.py, XIELUActivation
 */
function xieluOf(
  { software }: Scenario,
  { tensors }: Model,
): LayerFacts["xielu"] {
  if (!tensors.some(({ name }) => name.endsWith(".act_fn.alpha_p"))) {
    return null;
  }
  return software.mixer_kernels === "torch" ? "torch" : "kernel";
}

function gatesOutput({ attention }: LayerPlan): boolean {
  return attention !== null && "isGated" in attention &&
    attention.isGated === true;
}

/** Why layers as they are planned cannot be played; null when they can. */
export function unclearLayers(
  layers: readonly LayerPlan[],
  { architecture: { type }, stateSpaces, code, family }: LayerFacts,
  program: string,
): string | null {
  const isUnclear = layers.some(({ attention, mlp, stateSpace }) =>
    stateSpaces
      ? !attention && !mlp && !stateSpace
      : !family.layer.leavesOut && (attention === null || mlp === null)
  );
  if (isUnclear) {
    return `models of type ${type}, whose layers are not attention and MLP, are not played through yet`;
  }
  if (!code.gatesHeads && layers.some(gatesOutput)) {
    return `software.model_code ${program} has no models of type ${type}, whose attention gates its output`;
  }
  const isFused = layers.some(({ attention }) =>
    attention && "projections" in attention && "qkv" in attention.projections
  );
  return isFused && !code.projectsAtOnce
    ? `software.model_code ${program} has no models of type ${type}, which project queries, keys and values at once`
    : null;
}
