import type { Run } from "../../play/program/act.ts";
import type { Segment } from "../../play/record/block.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { isCheckpointed } from "../blocks/stacks.ts";
import type { Cutter } from "../cuts.ts";

/** A module's parameters in one run. */
export interface UsedModule {
  readonly parameters: readonly Parameter[];
  /** Whether it is a block of modules that is gathered whole. */
  readonly isBlock: boolean;
  /** Before which event it begins. */
  readonly at: number;
  /** Before which event its backward has ended; null where that is not known. */
  readonly done: number | null;
}

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

/** The orders of runs; runs of like layers share theirs. */
export class UseOrders {
  readonly #cutter: Cutter;
  readonly #block: string | null;
  readonly #checkpointing: Scenario["train"]["checkpointing"];
  readonly #forward = new Map<Segment, UseOrder>();
  readonly #backward = new Map<Segment, UseOrder>();
  readonly #again = new Map<Segment, UseOrder>();
  /** What each instance has run forward. */
  readonly #modules = new Map<unknown, readonly UsedModule[]>();

  /** @param block The name of blocks that are gathered whole. */
  constructor(
    cutter: Cutter,
    block: string | null,
    checkpointing: Scenario["train"]["checkpointing"],
  ) {
    this.#cutter = cutter;
    this.#block = block;
    this.#checkpointing = checkpointing;
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
    const again = typeof run.at === "number" &&
      isCheckpointed(this.#checkpointing, run.at);
    const known = again ? this.#again : this.#backward;
    const order = known.get(segment) ??
      backwardOf(segment, this.#modules.get(instance) ?? [], again);
    known.set(segment, order);
    return order;
  }

  #forwardOf(run: Run): UseOrder {
    const uses = modulesIn(this.#cutter.reads(run), run, this.#block);
    const hooks = uses.flatMap(({ at }, use): Hook[] => [
      { at, use, fetches: true },
      { at: uses[use + 1]?.at ?? run.segment.to, use, fetches: false },
    ]);
    return { uses, hooks };
  }
}

/** @param again Whether the modules run again before they run backwards. */
function backwardOf(
  { from, to }: Segment,
  modules: readonly UsedModule[],
  again: boolean,
): UseOrder {
  const uses: UsedModule[] = [];
  const hooks: Hook[] = [];
  const backward = modules.toReversed().map((module) => ({ module, use: -1 }));
  let cursor = from;
  const fetch = (one: typeof backward[number]): void => {
    if (one.use >= 0) return;
    one.use = uses.push(one.module) - 1;
    hooks.push({ at: cursor, use: one.use, fetches: true });
  };
  // A layer runs again once the backward of its last module needs what it saved.
  if (backward[0]) fetch(backward[0]);
  for (const module of again ? modules : []) {
    const use = uses.push(module) - 1;
    hooks.push({ at: from, use, fetches: true });
    hooks.push({ at: from, use, fetches: false });
  }
  for (const [index, one] of backward.entries()) {
    fetch(one);
    const done = backward.slice(index).find(({ module }) =>
      module.done !== null
    )?.module.done ?? to;
    cursor = Math.max(cursor, done);
    hooks.push({ at: cursor, use: one.use, fetches: false });
  }
  return { uses, hooks };
}

/** Parameters by the module that has them. */
function modulesIn(
  met: readonly { parameter: Parameter; at: number }[],
  { instance }: Run,
  block: string | null,
): UsedModule[] {
  const gradients = new Map(
    instance.block.parameters.map(({ parameter, gradient }) =>
      [parameter, gradient?.at ?? null] as const
    ),
  );
  const modules = new Map<
    string,
    {
      parameters: Parameter[];
      isBlock: boolean;
      at: number;
      done: number | null;
    }
  >();
  for (const { parameter, at } of met) {
    const name = moduleOf(parameter, block);
    const done = gradients.get(parameter) ?? null;
    const known = modules.get(name);
    if (!known) {
      const isBlock = name === block;
      modules.set(name, { parameters: [parameter], isBlock, at, done });
    } else {
      known.parameters.push(parameter);
      if (done !== null) known.done = Math.max(known.done ?? 0, done);
    }
  }
  const whole = block === null ? undefined : modules.get(block);
  if (whole) whole.parameters.push(...whole.parameters.splice(0, 1));
  return [...modules.values()];
}

/** An adapter's matrices are modules of their own, named after their layer's. */
function moduleOf({ name }: Parameter, block: string | null): string {
  if (block !== null && name.startsWith(`${block}.`)) return block;
  return name.includes(" ") ? name : name.slice(0, name.lastIndexOf("."));
}
