import type { Model } from "../models/model.ts";
import { codeOfModel } from "../models/code_of_model.ts";
import { withFrozenParts } from "../models/frozen_parts.ts";
import { PEFT_PREFIX, SAVED_COPY } from "../models/lora/names.ts";
import { scenarioAdapters } from "../models/trainable.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import type { Scenario } from "../scenario/schema.ts";
import { weightFormat } from "../scenario/weight_format.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import { besideOf } from "./beside.ts";
import { roundingScales } from "./rounding_scales.ts";
import type { LayerFacts } from "./layer_facts.ts";
import { unsharedContext } from "./context.ts";
import { layerFactsOf, unclearLayers } from "./layer_facts.ts";
import { layerPlanOf } from "./layer_plan.ts";
import { withAdapters } from "./adapted_stacks.ts";
import { playedCode } from "../software/mod.ts";
import type { VisionPlan } from "./vision_plan.ts";
import { visionPlanOf } from "./vision_plan.ts";
import type { ClassHead } from "./class_head.ts";
import { classHeadOf } from "./class_head.ts";
import { dispatchedModel, dispatchRanks } from "./dispatched.ts";
import { frozenOf } from "./encoders/frozen.ts";
import type { EncoderPlan } from "./encoders/encoder_plan.ts";
import { encoderPlanOf } from "./encoders/encoder_plan.ts";
import { withCutGates } from "./cut_gates.ts";
import { withGivers } from "./givers.ts";
import type { Inventory } from "./inventory.ts";
import { adapterItems, trainedItem, weightItems } from "./inventory.ts";
import { Modules } from "./modules.ts";
import type { LayerKind, LayerStack } from "./stacks.ts";
import { stacksOf } from "./stacks.ts";
import {
  passesBy,
  stateSpaceFacts,
  unfitStateSpaces,
} from "./state_space_plan.ts";
import type { Storage } from "./storage.ts";
import { storageOf } from "./storage.ts";
import type { Windows } from "./sliding.ts";
import { windowsOf, withWindows } from "./sliding.ts";
import type { ObjectivePlan } from "./objective/objective_plan.ts";
import { innerConfig } from "./traits.ts";
import { unplayed } from "./unplayed.ts";
import { reached } from "./unreached.ts";
import { withUnturned } from "./unturned.ts";

/** All that a step needs to know of a Scenario and its model. */
export interface StepPlan {
  readonly scenario: Scenario;
  readonly model: Model;
  readonly facts: LayerFacts;
  /** The decoder's layers. */
  readonly stack: LayerStack;
  /** Which of them look at a window alone. */
  readonly windows: Windows;
  /** Modules outside of layers, by whole name. */
  readonly outside: Modules;
  modulesOf(kind: LayerKind): Modules;
  /** How the step's images are seen; null where it has none. */
  readonly vision: VisionPlan | null;
  /** How a model with an encoder runs; null of a decoder alone. */
  readonly encoders: EncoderPlan | null;
  /** What a decoder's class has in place of a vocabulary; null where it has one. */
  readonly classHead: ClassHead | null;
  /** Modules whose adapters kernels pass by, so that none of them trains. */
  readonly passedBy: readonly string[];
  readonly inventory: Inventory;
  /** What a trainer makes of the step; null: a model that learns the next token. */
  readonly objective: ObjectivePlan<StepPlan> | null;
}

/**
 * Plans a training step of a decoder on one GPU, or says why it cannot.
 *
 * @param lying How tensors lie on the device, where a scenario's own rules for
 *   training do not say it.
 */
export function stepPlanOf(
  scenario: Scenario,
  given: Model,
  lying: Storage | null = null,
): StepPlan | { reason: string } {
  const model = withFrozenParts(
    dispatchedModel(given, dispatchRanks(scenario)),
    scenario,
  );
  const family = codeOfModel(model);
  const stacks = stacksOf(
    model.tensors.filter(({ piece }) => piece === "language_model"),
  );
  const reason = unplayed(model, stacks, family.encoder !== null);
  if (reason !== null) return { reason };
  const whole = stacks.find(({ path }) => /(^|\.)decoder\./.test(path)) ??
    stacks[0];
  if (!whole) throw new RangeError(`${model.name} has no layers`);
  const windows = windowsOf(
    family.attention.windows,
    innerConfig(model.config ?? {}),
  );
  const { train, software } = scenario;
  const code = playedCode(scenario, model);
  const adapters = adapterTensors(scenario, model);
  const config = innerConfig(model.config ?? {});
  const stack = withGivers(
    withCutGates(
      withUnturned(
        withWindows(withAdapters(whole, adapters), windows),
        family.rotary.skipsEvery,
        config,
      ),
      family.mlp.cutsGate,
      config,
    ),
    family.attention.handsHeads,
  );
  const storage = leavingFrozen(
    lying ?? storageOf(scenario, code.packing),
    family.encoder ? frozenOf(family.encoder, model) : family.weights.frozen,
  );
  const stateSpaces = stateSpaceFacts(scenario, model, storage);
  const unfit = unfitStateSpaces(stateSpaces, model);
  if (unfit !== null) return { reason: unfit };
  const outside = model.tensors.filter(({ layers }) => layers === null);
  const loraOf = (prefix: string) =>
    new Map(
      adapters.filter(({ name }) => name.startsWith(prefix)).map((
        tensor,
      ) => [tensor.name.slice(prefix.length), tensor]),
    );
  // PEFT casts its adapters; copies of whole modules keep the modules' type.
  const packedPaths = stateSpaces === null ? [] : model.tensors.flatMap((
    tensor,
  ) => storage(tensor).packed ? [tensor.name.slice(0, -"weight".length)] : []);
  const isPassedBy = (adapter: string) =>
    passesBy(
      stateSpaces,
      adapter,
      packedPaths.some((path) => adapter.includes(path)),
    );
  const addedDtype = (tensor: Tensor): Dtype =>
    tensor.name.endsWith(SAVED_COPY)
      ? storage(tensor).dtype
      : train.lora.adapter_dtype;
  const stacksIn = (tensors: readonly Tensor[]) =>
    stacksOf(tensors).map((each) => withAdapters(each, adapters));
  const modulesIn = (
    _: LayerStack,
    { tensors, adapters = NOTHING }: LayerKind,
  ) =>
    new Modules(
      tensors,
      adapters,
      storage,
      train.lora,
      code.adapters,
    );
  const facts = layerFactsOf(scenario, model, code, stateSpaces);
  const layers = family.encoder === null
    ? stack.kinds.map((kind) => layerPlanOf(modulesIn(stack, kind), facts))
    : [];
  const unclear = family.encoder === null
    ? unclearLayers(layers, facts, software.model_code)
    : null;
  if (unclear !== null) return { reason: unclear };
  if (family.attention.handsHeads && software.model_code !== "transformers") {
    return {
      reason:
        `software.model_code ${software.model_code} has no models of type ${model.architecture.type}, whose layers hand keys and values on`,
    };
  }
  const { autocast, weights: stored } = scenario.precision;
  const unshared = unsharedContext({
    context: facts.attention.context ?? null,
    traits: {
      hasEncoder: family.encoder !== null,
      hasImages: train.images_per_sample > 0,
      hasStates: stateSpaces !== null,
    },
    layers,
    dtype: autocast ?? stored,
  });
  if (unshared !== null) return { reason: unshared };
  const modules = new Modules(
    new Map(outside.map((tensor) => [tensor.name, tensor])),
    loraOf(PEFT_PREFIX),
    storage,
    train.lora,
    code.adapters,
  );
  const encoders = family.encoder && encoderPlanOf({
    scenario,
    model,
    outside: modules,
    stacksIn,
    modulesOf: modulesIn,
  });
  if (encoders && "reason" in encoders) return encoders;
  const classHead = encoders ? null : classHeadOf(model, modules);
  if (classHead && "reason" in classHead) return classHead;
  if (classHead && layers.some(({ streams }) => streams)) {
    return {
      reason:
        `classes of type ${model.architecture.type} with other heads, over several streams, are not played through`,
    };
  }
  const vision = train.images_per_sample === 0 ? null : visionPlanOf({
    scenario,
    model,
    facts,
    outside: modules,
    stacksIn,
    modulesOf: modulesIn,
  });
  if (vision && "reason" in vision) return vision;
  const weights = weightItems(model.tensors, storage, weightFormat(scenario));
  const added = adapterItems(adapters, addedDtype);
  const tokens = vision?.tokens ?? 0;
  if (tokens > train.micro_batch * train.sequence_length) {
    return {
      reason:
        `train.sequence_length ${train.sequence_length} is shorter than the ${
          tokens / train.micro_batch
        } tokens of a sample's images`,
    };
  }
  return {
    scenario,
    model,
    stack,
    facts,
    windows,
    outside: modules,
    modulesOf: (kind) => modulesIn(stack, kind),
    vision,
    encoders,
    classHead,
    objective: null,
    passedBy: [
      ...new Set(
        adapters.map(({ name }) => name).filter(isPassedBy).flatMap((name) =>
          /\.(\w+)\.lora_/.exec(name)?.[1] ?? []
        ),
      ),
    ],
    inventory: {
      items: [...weights, ...added],
      beside: [
        ...besideOf(code, vision, encoders),
        ...roundingScales(
          scenario,
          [...weights, ...added],
          train.micro_batch * train.sequence_length,
        ),
      ],
      trained: reached(
        [
          ...weights.filter(({ trains }) => trains),
          ...added.filter(({ tensor }) => !isPassedBy(tensor.name)),
        ].map(trainedItem),
        model,
        { vision, encoders },
      ),
    },
  };
}

const NOTHING: ReadonlyMap<string, Tensor> = new Map();

/** Some parameters never train, whatever a scenario trains. */
function leavingFrozen(storage: Storage, frozen: RegExp | null): Storage {
  if (frozen === null) return storage;
  return (tensor) => {
    const stored = storage(tensor);
    return frozen.test(tensor.name) ? { ...stored, trains: false } : stored;
  };
}

function adapterTensors(scenario: Scenario, model: Model): Tensor[] {
  if (scenario.train.method === "full") return [];
  const adapters = scenarioAdapters(model, scenario);
  return adapters.ok ? adapters.value.tensors : [];
}
