import { PEFT_PREFIX } from "../models/lora/names.ts";
import type { At } from "../answer/curve.ts";
import type { Inventory, Item } from "../plan/inventory.ts";
import { isOfCrossing } from "../plan/crossing_kind.ts";
import { stacksOf } from "../plan/stacks.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import type { Instance } from "../play/program/act.ts";

/** What units of like layers have in common. */
export interface UnitKind {
  /** One tensor of each. */
  readonly items: readonly Item[];
}

/** Where a unit stands in the model. */
export type UnitPlace = "layer" | "experts" | "embedding" | "tail" | "root";

/** Parameters that are gathered together. */
export interface Unit {
  readonly name: string;
  readonly kind: UnitKind;
  readonly place: UnitPlace;
  /** The path of its stack; null of one that is no layer. */
  readonly stack: string | null;
  /** Whether it has a layer's experts, beside the unit of all else in it. */
  readonly isOfExperts?: true;
  /** Of a layer, the unit of its experts where they are one of their own. */
  readonly experts?: Unit | null;
}

/** A unit in one pass. */
export interface PassUnit {
  readonly unit: Unit;
  /** Whose forward it is gathered for, and after whose it is not needed. */
  readonly enter: Instance;
  readonly leave: Instance;
  readonly at: At;
}

/** By what policy modules are wrapped. */
export type Wrap = "layers+root" | "titan";

/**
 * The units of a model: each layer, and what is around them.
 *
 * Sources: accelerate utils/fsdp_utils.py, fsdp2_prepare_model; torchtitan
 * models/llama3/infra/parallelize.py, apply_fsdp; huggingface/transformers
 * distributed/fsdp.py, apply_fully_sharded_data_parallelism
 *
 * @param experts Whether a layer's experts are a unit of their own, gathered when
 *   they run or with the rest of their layer.
 */
export function unitsOf(
  { items }: Pick<Inventory, "items">,
  wrap: Wrap,
  { within: splitsExperts = false, beside: apart = false } = {},
): Unit[] {
  const named = items.map((item) => {
    const { tensor } = item;
    const name = tensor.name.startsWith(PEFT_PREFIX)
      ? tensor.name.slice(PEFT_PREFIX.length)
      : tensor.name;
    return { item, tensor: { ...tensor, name } };
  });
  const known = new Map(named.map(({ item, tensor }) => [tensor, item]));
  const layers = stacksOf(named.map(({ tensor }) => tensor)).flatMap(
    ({ path, kinds, layers }) => {
      const shared = new Map(
        kinds.map((kind) => [
          kind,
          kindsOf(
            [...kind.tensors.values()].map((each) => known.get(each) as Item),
            splitsExperts,
          ),
        ]),
      );
      return layers.map((kind, at): Unit => {
        const name = `${path}.${at}`;
        const { own, experts } = shared.get(kind) as LayerKinds;
        return {
          name,
          kind: own,
          place: "layer",
          stack: path,
          experts: experts && {
            name: `${name} experts`,
            kind: experts,
            place: "experts",
            stack: path,
          },
        };
      });
    },
  );
  const outside = named.filter(({ tensor }) => tensor.layers === null);
  const isTied = !outside.some(({ tensor }) => tensor.role === "head");
  const placeOf = ({ item, tensor }: typeof outside[0]): UnitPlace => {
    if (wrap === "layers+root") return "root";
    if (item.isAdapter) {
      return tensor.name.startsWith("lm_head.") ? "tail" : "root";
    }
    if (tensor.piece === "embeddings" && tensor.role === "embedding") {
      return isTied ? "tail" : "embedding";
    }
    return tensor.role === "head" ||
        (tensor.role === "norm" && tensor.piece === "language_model")
      ? "tail"
      : "root";
  };
  const around = (["root", "embedding", "tail"] as const).map((place): Unit => {
    const own = outside.filter((each) => placeOf(each) === place);
    return {
      name: place,
      kind: { items: own.map(({ item }) => item) },
      place,
      stack: null,
    };
  });
  const cut = new Map<UnitKind, readonly [rest: UnitKind, experts: UnitKind]>();
  const own = apart
    ? layers.flatMap((unit) => withoutExperts(unit, cut))
    : layers;
  return [...around, ...own].filter(({ kind }) => kind.items.length > 0);
}

/** A layer's unit and that of its experts; units of like layers share kinds. */
function withoutExperts(
  unit: Unit,
  known: Map<UnitKind, readonly [rest: UnitKind, experts: UnitKind]>,
): Unit[] {
  const { kind } = unit;
  const isExpert = ({ tensor }: Item) => tensor.expert;
  const [rest, experts] = known.get(kind) ??
    [
      { items: kind.items.filter((item) => !isExpert(item)) },
      { items: kind.items.filter(isExpert) },
    ];
  known.set(kind, [rest, experts]);
  return [
    { ...unit, kind: rest },
    { ...unit, name: `${unit.name} experts`, kind: experts, isOfExperts: true },
  ];
}

interface LayerKinds {
  readonly own: UnitKind;
  readonly experts: UnitKind | null;
}

function kindsOf(items: readonly Item[], splitsExperts: boolean): LayerKinds {
  const isApart = ({ tensor }: Item) => splitsExperts && tensor.expert;
  const apart = items.filter(isApart);
  return apart.length === 0 ? { own: { items }, experts: null } : {
    own: { items: items.filter((item) => !isApart(item)) },
    experts: { items: apart },
  };
}

/** Finds the blocks of a pass that units are gathered for. */
export function unitsIn(
  units: readonly Unit[],
  plan: Pick<StepPlan, "stack" | "encoders" | "vision">,
  instances: readonly Instance[],
): PassUnit[] {
  const first = instances[0] as Instance;
  const last = instances.at(-1) as Instance;
  const embedding = instances.find(({ at }) => at === "embeddings") ?? first;
  const isTied = !units.some(({ place }) => place === "embedding");
  const found: PassUnit[] = [];
  for (const unit of units) {
    if (unit.place === "root") {
      found.push({ unit, enter: first, leave: last, at: "embeddings" });
    } else if (unit.place === "embedding") {
      found.push({
        unit,
        enter: embedding,
        leave: embedding,
        at: "embeddings",
      });
    } else if (unit.place === "tail") {
      found.push({
        unit,
        enter: isTied ? embedding : last,
        leave: last,
        at: "head",
      });
    }
  }
  const queues = new Map<string, Unit[]>();
  for (const unit of units) {
    if (unit.stack === null || isPassed(unit, plan)) continue;
    const queue = queues.get(unit.stack);
    if (queue) queue.push(unit);
    else queues.set(unit.stack, [unit]);
  }
  const decoder = plan.encoders === null
    ? plan.stack.path
    : [...queues.keys()].find((path) => /(^|\.)decoder\./.test(path)) ?? null;
  for (const instance of instances) {
    const isDecoder = typeof instance.at === "number";
    const queue = [...queues].find(([path, [unit]]) =>
      unit !== undefined &&
      (isDecoder && decoder !== null
        ? path === decoder
        : path !== decoder && runs(instance, unit))
    )?.[1];
    const unit = queue?.shift();
    const besides = queue?.[0]?.isOfExperts ? queue.shift() : undefined;
    for (const each of [unit, unit?.experts, besides]) {
      if (!each) continue;
      found.push({
        unit: each,
        enter: instance,
        leave: instance,
        at: instance.at,
      });
    }
  }
  return found;
}

/** Whether a layer reads images that a step does not have. */
function isPassed(
  { kind: { items } }: Unit,
  { vision }: Pick<StepPlan, "vision">,
): boolean {
  return vision === null && items.some(({ tensor }) => isOfCrossing(tensor));
}

/** Whether a block reads parameters of a layer: these have names within it. */
function runs({ block }: Instance, { kind, stack }: Unit): boolean {
  const names = new Set(
    kind.items.map(({ tensor }) =>
      tensor.name.slice((stack?.length ?? 0) + ".N.".length)
    ),
  );
  return block.parameters.some(({ parameter }) => names.has(parameter.name));
}
