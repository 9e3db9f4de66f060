import type { Run } from "../../play/program/act.ts";
import type { Segment } from "../../play/record/block.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { isCheckpointed } from "../blocks/stacks.ts";
import type { Cutter } from "../cuts.ts";
import type { UsedModule } from "./modules.ts";
import { endsWithin, modulesIn, tiledIn, wholeBlockOf } from "./modules.ts";

/** A module is fetched or released at a place of a run. */
interface Hook {
  readonly at: number;
  /** The module's use, counted from the run's first. */
  readonly use: number;
  /** Whether it is fetched. */
  readonly fetches: boolean;
}

/** Which modules a run uses, and when. */
export interface UseOrder {
  readonly uses: readonly UsedModule[];
  readonly hooks: readonly Hook[];
}

const NO_USES: UseOrder = { uses: [], hooks: [] };

/** What decides in which order modules are used. */
export interface UsePlan {
  /** The type of the model, whose blocks of experts may be gathered whole. */
  readonly type: string;
  readonly checkpointing: Scenario["train"]["checkpointing"];
  /** Tiles that MLPs run one after the other; null: all at once. */
  readonly tiles: number | null;
}

/** The orders of runs; runs of like layers share theirs. */
export class UseOrders {
  readonly #cutter: Cutter;
  readonly #plan: UsePlan;
  readonly #forward = new Map<Segment, UseOrder>();
  readonly #backward = new Map<Segment, UseOrder>();
  readonly #again = new Map<Segment, UseOrder>();
  /** What each instance has run forward. */
  readonly #modules = new Map<unknown, readonly UsedModule[]>();

  constructor(cutter: Cutter, plan: UsePlan) {
    this.#cutter = cutter;
    this.#plan = plan;
  }

  /** The order of a run; runs are asked about in their order. */
  of(run: Run): UseOrder {
    const { segment, instance } = run;
    if (run.phase === "forward") {
      const order = this.#forward.get(segment) ?? this.#forwardOf(run);
      this.#forward.set(segment, order);
      const before = this.#modules.get(instance);
      const { uses } = order;
      this.#modules.set(instance, before ? [...before, ...uses] : uses);
      return order;
    }
    const { checkpointing, tiles } = this.#plan;
    // No hook runs where no gradient arrives.
    if (run.at === "embeddings" && run.wires.length === 0) return NO_USES;
    const again = typeof run.at === "number" &&
      isCheckpointed(checkpointing, run.at);
    const known = again ? this.#again : this.#backward;
    const order = known.get(segment) ?? backwardOf(
      segment,
      this.#modules.get(instance) ?? [],
      { again, tiles },
    );
    known.set(segment, order);
    return order;
  }

  #forwardOf(run: Run): UseOrder {
    const { type, tiles } = this.#plan;
    const modules = modulesIn(
      this.#cutter.reads(run),
      run,
      wholeBlockOf(type),
    );
    const order = new Visits();
    for (const [index, module] of modules.entries()) {
      const use = order.fetch(module, module.at);
      order.release(use, modules[index + 1]?.at ?? run.segment.to);
      // Its backward runs within the forward pass: a loss that is taken in tiles.
      if (endsWithin(run, module)) order.visit([module], module.done);
    }
    const tiled = tiledIn(modules, tiles);
    for (let tile = 1; tile < (tiles ?? 1); tile++) {
      order.visit(tiled, run.segment.to);
    }
    return order;
  }
}

/** @param again Whether the modules run again before they run backwards. */
function backwardOf(
  { from, to }: Segment,
  all: readonly UsedModule[],
  { again, tiles }: { again: boolean; tiles: number | null },
): UseOrder {
  const modules = all.filter(({ done }) => done === null || done > from);
  const order = new Visits();
  const backward = modules.toReversed().map((module) => ({ module, use: -1 }));
  let cursor = from;
  const fetch = (one: typeof backward[number]): void => {
    if (one.use < 0) one.use = order.fetch(one.module, cursor);
  };
  const tiled = tiledIn(modules, tiles);
  // A layer runs again once the backward of its last module needs what it saved:
  // tiles of one save nothing.
  if (backward[0] && tiled.length === 0) fetch(backward[0]);
  if (again) order.visit(modules, from);
  for (let tile = 1; again && tile < (tiles ?? 1); tile++) {
    order.visit(tiled, from);
  }
  for (let tile = 0; tile < (tiles ?? 0); tile++) {
    order.visit(tiled, from);
    if (tile < (tiles ?? 0) - 1) order.visit(tiled.toReversed(), from);
  }
  for (const [index, one] of backward.entries()) {
    fetch(one);
    const done = backward.slice(index).find(({ module }) =>
      module.done !== null
    )?.module.done ?? to;
    cursor = Math.max(cursor, done);
    order.release(one.use, cursor);
  }
  return order;
}

/** Notes what is fetched and released. */
class Visits implements UseOrder {
  readonly uses: UsedModule[] = [];
  readonly hooks: Hook[] = [];

  /** @returns The use. */
  fetch(module: UsedModule, at: number): number {
    const use = this.uses.push(module) - 1;
    this.hooks.push({ at, use, fetches: true });
    return use;
  }

  release(use: number, at: number): void {
    this.hooks.push({ at, use, fetches: false });
  }

  /** Modules run one after the other, all at one place. */
  visit(modules: readonly UsedModule[], at: number): void {
    for (const module of modules) this.release(this.fetch(module, at), at);
  }
}
