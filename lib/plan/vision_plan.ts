import { USUAL } from "../models/families/code/usual.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import type {
  FoundSight,
  Sight,
  Tower,
  TowerLayer,
  TowerStack,
} from "../software/sight.ts";
import type { LayerFacts } from "./layer_facts.ts";
import { layerPlanOf } from "./layer_plan.ts";
import type { Modules } from "./modules.ts";
import type { LayerKind, LayerStack } from "./stacks.ts";

/** How a model sees: its tower, its projector, and the tokens that it yields. */
export interface VisionPlan extends Sight {
  /** Paths of the stacks of its towers' layers. */
  readonly paths: readonly string[];
  /** How many of a tensor's copies no gradient reaches: nobody reads their layer. */
  readonly unread: FoundSight["unread"];
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
    model.tensors.filter(({ piece }) =>
      piece === "vision_tower" || piece === "projector"
    ),
  );
  const isFused = stacks.some(({ kinds }) =>
    kinds.some(({ tensors }) =>
      [...tensors.values()].some(({ role }) => role === "qkv")
    )
  );
  const found = facts.code.sightOf({
    scenario,
    model,
    outside,
    stacks: stacks.map((stack) => towerStack(stack, facts, modulesOf)),
  });
  if ("reason" in found) return found;
  if (isFused && !facts.code.projectsAtOnce) {
    return {
      reason:
        `software.model_code ${scenario.software.model_code} has no towers that project queries, keys and values at once, as ${model.architecture.type}'s does`,
    };
  }
  return {
    ...found.sight,
    paths: stacks.map(({ path }) => path),
    unread: found.unread,
  };
}

/** A stack whose layers are planned as a tower says. */
function towerStack(
  stack: LayerStack,
  facts: LayerFacts,
  modulesOf: VisionSource["modulesOf"],
): TowerStack {
  const known = new Map<LayerKind, TowerLayer>();
  const layerOf = (kind: LayerKind): TowerLayer => {
    const made = known.get(kind);
    if (made) return made;
    const inside = modulesOf(stack, kind);
    const layer = {
      key: `${stack.path} ${kind.id}`,
      inside,
      planOf: (tower: Tower) => layerPlanOf(inside, towerFacts(facts, tower)),
    };
    known.set(kind, layer);
    return layer;
  };
  return { path: stack.path, layers: stack.layers.map(layerOf) };
}

/** What a tower's layers have in common. */
function towerFacts(facts: LayerFacts, tower: Tower): LayerFacts {
  return {
    ...facts,
    family: {
      ...USUAL,
      attention: { ...USUAL.attention, ...tower.attention },
    },
    architecture: { ...facts.architecture, head_dim: tower.headWidth },
    traits: { ...facts.traits, ...PLAIN, ...tower.traits },
    batch: tower.batch,
    sequence: tower.tokens,
    attention: {
      ...facts.attention,
      masked: tower.masked ?? false,
      joins: tower.joins ?? false,
      biasDtype: tower.biasDtype ?? null,
      causal: false,
      unpads: false,
    },
    cached: false,
    kernels: tower.kernels ?? facts.kernels,
    dispatch: null,
    tiles: null,
    xielu: null,
    stateSpaces: null,
  };
}

/** What no tower's layers do, whatever its language model's do. */
const PLAIN = {
  arrangement: "pre",
  fused: "split",
  normsTurned: false,
  normsBare: false,
  turnsByToken: false,
  wideScores: false,
  wideRotary: false,
  repeatedTables: false,
  attentionSoftcap: false,
  scaledResiduals: false,
  holdsNormed: false,
  holdsAttended: false,
  inlineMlp: false,
} as const;
