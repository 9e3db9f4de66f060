import type { Tensor } from "../models/tensors/tensor.ts";
import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { LayerPlan } from "../play/layers/decoder_layer.ts";
import type { Sight } from "../software/sight.ts";
import type { LayerFacts } from "./layer_facts.ts";
import { layerPlanOf } from "./layer_plan.ts";
import type { Modules } from "./modules.ts";
import type { LayerKind, LayerStack } from "./stacks.ts";

/** How a model sees: its tower, its projector, and the tokens that it yields. */
export interface VisionPlan extends Sight {
  readonly stack: LayerStack;
  layerOf(kind: LayerKind): LayerPlan;
  /** How many of a tensor's copies no gradient reaches: nobody reads their layer. */
  unread(name: string): number;
}

/** What a vision plan is made from. */
export interface VisionSource {
  readonly scenario: Scenario;
  readonly model: Model;
  readonly facts: LayerFacts;
  readonly outside: Modules;
  /** The stacks of some tensors, with their adapters. */
  stacksIn(tensors: readonly Tensor[]): LayerStack[];
  modulesOf(stack: LayerStack, kind: LayerKind): Modules;
}

/** Plans how a model sees a scenario's images, or says why it cannot. */
export function visionPlanOf(
  { scenario, model, facts, outside, stacksIn, modulesOf }: VisionSource,
): VisionPlan | { reason: string } {
  const stacks = stacksIn(
    model.tensors.filter(({ piece }) => piece === "vision_tower"),
  );
  const towers = stacks.length;
  const seen = facts.code.sightOf({ scenario, model, outside, towers });
  if ("reason" in seen) return seen;
  const { sight, tower } = seen;
  const [stack] = stacks;
  if (!stack) throw new RangeError(`${model.name} has no vision tower`);
  const { unreadLayers, unread } = tower;
  const isFused = stack.kinds.some(({ tensors }) =>
    [...tensors.values()].some(({ role }) => role === "qkv")
  );
  if (isFused && !facts.code.projectsAtOnce) {
    return {
      reason:
        `software.model_code ${scenario.software.model_code} has no towers that project queries, keys and values at once, as ${model.architecture.type}'s does`,
    };
  }
  return {
    ...sight,
    stack: {
      ...stack,
      layers: stack.layers.slice(0, stack.layers.length - unreadLayers),
    },
    layerOf: (kind) =>
      layerPlanOf(modulesOf(stack, kind), {
        ...facts,
        architecture: { ...facts.architecture, head_dim: tower.headWidth },
        traits: { ...facts.traits, ...tower.traits },
        batch: sight.images,
        sequence: sight.rows / sight.images,
        attention: {
          ...facts.attention,
          masked: false,
          causal: false,
          unpads: false,
        },
        cached: false,
        kernels: tower.kernels ?? facts.kernels,
      }),
    unread: (name) =>
      name.startsWith(`${stack.path}.N.`)
        ? unreadLayers
        : unread?.test(name)
        ? 1
        : 0,
  };
}
