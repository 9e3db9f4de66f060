import type { EncoderCode } from "../../models/families/code/encoder.ts";
import type { Config } from "../../models/config.ts";
import { numberOf, textOf } from "../../models/families/code/setting.ts";
import type { Model } from "../../models/model.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { EncoderLayerPlan } from "../../play/layers/encoder_layer.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { ActivationKind } from "../../play/torch/ops/activations.ts";
import { activationKind } from "../../play/torch/ops/activations.ts";
import type { Convolution } from "../../play/torch/ops/convolution.ts";
import type { StackEnds } from "../../play/record/encoders/stack_ends.ts";
import type { Modules } from "../modules.ts";
import type { LayerKind, LayerStack } from "../stacks.ts";
import { versionOf } from "../../scenario/version.ts";
import type { StackFacts } from "./encoder_layer_plan.ts";
import { encoderLayerPlanOf } from "./encoder_layer_plan.ts";

/** A stack with its layers and what stands at both of its ends. */
export interface StackPlan extends StackEnds {
  readonly stack: LayerStack;
  layerOf(kind: LayerKind, slides: boolean): EncoderLayerPlan;
  /** Whether the stack's code refers to what every layer gave till all have run. */
  readonly holdsAll: boolean;
  /** Whether a layer looks at a window, for which kernels get a mask. */
  slides(layer: number): boolean;
  /** Whether layers have tables of their own. */
  biasOf(kind: LayerKind): Parameter | null;
}

/** What an encoder's plan is made from. */
export interface EncoderSource {
  readonly scenario: Scenario;
  readonly model: Model;
  readonly outside: Modules;
  /** The stacks of some tensors, with their adapters. */
  stacksIn(tensors: readonly Tensor[]): LayerStack[];
  modulesOf(stack: LayerStack, kind: LayerKind): Modules;
}

/** Plans a stack with what stands at both of its ends. */
export function stackPlanOf(
  { scenario, model, outside, modulesOf }: EncoderSource,
  family: EncoderCode,
  stack: LayerStack,
  { isDecoder, implementation, encoder = null }: {
    isDecoder: boolean;
    implementation: StackFacts["implementation"];
    encoder?: StackPlan | null;
  },
): StackPlan | { reason: string } {
  const { architecture, name } = model;
  const config = model.config ?? {};
  const { train } = scenario;
  const near = nearestTo(outside, isDecoder);
  const residual = numberOf(config, family.dropout.residual);
  const positions = outside.parameter(
    near((_, { role, module, layers }) =>
      role === "position" && module === "embedding" && layers === null &&
      !DISTANCES.test(_) && !BIASES.test(_)
    ),
  );
  const distances = family.disentangled
    ? outside.parameter(near((each) => DISTANCES.test(each)))
    : null;
  const convolutions = convolutionsOf(outside);
  const isSpoken = convolutions.length > 0;
  const hears = !isDecoder && isSpoken;
  const limit = positions?.shape[0] ?? Infinity;
  const asked = isDecoder
    ? train.target_length ?? train.sequence_length
    : train.sequence_length;
  const tokens = hears ? limit : isSpoken ? Math.min(asked, limit) : asked;
  const table = tableOf(outside.parameter(near(isWords)), encoder);
  if (!table && !hears) return { reason: `${name} has no token embeddings` };
  const strange = outside.find((each) => STRANGE.test(each));
  if (strange !== null) {
    return {
      reason: `${name} has ${strange}, which is not played through yet`,
    };
  }
  const facts: StackFacts = {
    architecture,
    family,
    batch: train.micro_batch,
    tokens,
    seen: encoder?.tokens ?? 0,
    isDecoder,
    implementation,
    masked: train.padding_mask && !hears && !isDecoder,
    crossMasked: train.padding_mask && !isSpoken,
    wideSoftmax: family.wideSoftmax ||
      (family.bias !== null && isVersion4(scenario)),
    caches: family.caches && train.checkpointing === "none",
    activation: activationOf(config, family, train.kernels),
    dropout: {
      attention: numberOf(config, family.dropout.attention),
      residual,
      mlp: numberOf(config, family.dropout.mlp),
    },
    compiled: train.kernels === "compile",
    config,
    distances: distances?.shape[0] ?? 0,
  };
  const layerOf = (kind: LayerKind): EncoderLayerPlan | null =>
    encoderLayerPlanOf(modulesOf(stack, kind), facts);
  const plans = new Map(stack.kinds.map((kind) => [kind, layerOf(kind)]));
  const [first] = plans.values();
  if (!first || [...plans.values()].includes(null)) {
    return {
      reason:
        `models of type ${architecture.type}, whose layers are not attention and MLP, are not played through yet`,
    };
  }
  const biasOf = (kind: LayerKind) => {
    const own = modulesOf(stack, kind);
    return own.parameter(own.find((each) => BIASES.test(each)));
  };
  const [opening] = stack.layers;
  const normAt = (pattern: RegExp) =>
    outside.norm(
      outside.pathOf((each, { role }) =>
        role === "norm" && pattern.test(each) && isNear(each, isDecoder)
      ),
      family.norm,
    );
  return {
    name: isDecoder ? "decoder" : "encoder",
    stack,
    batch: train.micro_batch,
    tokens,
    width: first.attention.own.o.out,
    entry: hears
      ? {
        mels: convolutions[0]?.weight.shape[1] ?? 1,
        frames: 2 * tokens,
        dtype: scenario.precision.weights,
        convolutions,
        positions,
        dropout: residual,
      }
      : {
        table: table as Parameter,
        types: outside.parameter(
          near((each) => /token_type_embeddings\.weight$/.test(each)),
        ),
        positions,
        ownPositions: family.ownPositions,
        waves: family.waves,
        scaled: family.scaledEmbeddings === "by config" &&
          config["scale_embedding"] === true,
        norm: normAt(ENTRY_NORM),
        dropout: residual,
        masked: family.masksEmbeddings === "always" ||
          (family.masksEmbeddings === "where there is one" &&
            train.padding_mask),
        dropsMasked: family.dropsMasked && config["token_dropout"] !== false,
        projection: outside.linear(
          outside.pathOf((each) => /embeddings_project\.weight$/.test(each)),
        ),
      },
    layerOf: (kind, slides) => {
      const plan = plans.get(kind) ?? first;
      return slides ? withMask(plan) : plan;
    },
    slides: (layer) =>
      family.slides && implementation !== "flash" &&
      slidesAt(config, layer),
    bias: family.bias === "first layer" && opening
      ? biasOf(opening)
      : family.bias === "every sequence"
      ? outside.parameter(near((each) => BIASES.test(each)))
      : null,
    spreadsBias: family.bias === "every sequence",
    distances: distances && {
      table: distances,
      norm: normAt(DISTANCES_NORM),
    },
    seesPairs: family.disentangled,
    holdsAll: family.holdsAll,
    biasOf: (kind) => family.bias === "each layer" ? biasOf(kind) : null,
    heads: first.attention.own.heads.heads,
    isMasked: facts.masked && implementation !== "flash",
    holdsWords: family.holds === "words",
    holdsEmbeddings: family.holds === "the embeddings",
    rotaryWidth: family.rotary === null ? 0 : architecture.head_dim,
    last: family.disentangled ? null : normAt(LAST_NORM),
    lastDropout: family.dropsLast ? residual : 0,
  };
}

/** A convolution over the first layer's result, and a projection before a norm. */
const STRANGE = /(^|\.)(encoder\.conv\.conv|embeddings\.embed_proj)\.weight$/;

type Test = (name: string, tensor: Tensor) => boolean;

const isWords: Test = (_, { role }) => role === "embedding";

/** Whether a name is not the other stack's. */
function isNear(name: string, isDecoder: boolean): boolean {
  return !(isDecoder ? /(^|\.)encoder\./ : /(^|\.)decoder\./).test(name);
}

/** Finds what is a stack's own, or else what both share. */
function nearestTo(outside: Modules, isDecoder: boolean) {
  const within = isDecoder ? /(^|\.)decoder\./ : /(^|\.)encoder\./;
  return (test: Test): string | null =>
    outside.find((name, tensor) => within.test(name) && test(name, tensor)) ??
      outside.find((name, tensor) =>
        isNear(name, isDecoder) && test(name, tensor)
      );
}

/** Both stacks read one tensor where they share it, and its gradients add up. */
function tableOf(
  found: Parameter | null,
  encoder: StackPlan | null,
): Parameter | null {
  const read = encoder && "table" in encoder.entry ? encoder.entry.table : null;
  return read && read.name === found?.name ? read : found;
}

function withMask(plan: EncoderLayerPlan): EncoderLayerPlan {
  const { attention } = plan;
  const settings = { ...attention.own.settings, masked: true };
  return {
    ...plan,
    attention: { ...attention, own: { ...attention.own, settings } },
  };
}

/** Source: huggingface/transformers models/modernbert/configuration_modernbert.py */
function slidesAt(config: Config, layer: number): boolean {
  const types = config["layer_types"];
  if (Array.isArray(types)) return types[layer] === "sliding_attention";
  const period = config["global_attn_every_n_layers"];
  return layer % (typeof period === "number" && period > 0 ? period : 3) !== 0;
}

const BIASES = /(^|\.)relative_attention_bias\.weight$/;
const DISTANCES = /(^|\.)rel_embeddings\.weight$/;
const DISTANCES_NORM = /(^|\.)encoder\.LayerNorm\.weight$/;
const ENTRY_NORM =
  /(^|\.)(embeddings\.(LayerNorm|norm)|layernorm_embedding)\.weight$/;
const LAST_NORM =
  /^(norm|LayerNorm)\.weight$|(^|\.)((en|de)coder\.(final_layer_norm|layer_norm|emb_layer_norm_after|LayerNorm|ln)|final_norm|model\.norm|roberta_prelayernorm\.LayerNorm)\.weight$/;

/** Convolutions over sound, in order. */
function convolutionsOf(outside: Modules): Convolution[] {
  return [...outside.names()].flatMap((name) => {
    if (!/(^|\.)conv\d\.weight$/.test(name)) return [];
    const weight = outside.parameter(name);
    const path = name.slice(0, -".weight".length);
    return weight
      ? [{ name: path, weight, bias: outside.parameter(`${path}.bias`) }]
      : [];
  });
}

/** Source: huggingface/transformers models/t5/configuration_t5.py, gated-gelu */
function activationOf(
  config: Config,
  { activation }: EncoderCode,
  kernels: Scenario["train"]["kernels"],
): ActivationKind {
  const name = textOf(config, activation)
    .replace(/^gated-gelu$/, "gelu_new").replace(/^gated-/, "");
  const kind = activationKind(name);
  return kernels === "compile" && kind !== "relu" ? "kernel" : kind;
}

/** Whether a scenario names a release of transformers 4. */
export function isVersion4({ software }: Scenario): boolean {
  return versionOf(software.transformers)?.major === 4;
}
