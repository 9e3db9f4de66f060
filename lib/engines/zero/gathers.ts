import type { Act, Run } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { PassActs } from "../../play/program/pass.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { isCheckpointed } from "../blocks/stacks.ts";
import type { Cut, Cutter } from "../cuts.ts";
import { whenOf } from "./buckets.ts";
import { BACKWARD_END, STEP, UPDATED } from "./common.ts";
import type { GatherSettings, ParameterUse } from "./coordinator.ts";
import { Coordinator } from "./coordinator.ts";
import type { Gathering } from "./gathered.ts";
import { Gathered } from "./gathered.ts";
import type { UsedModule } from "./modules.ts";
import { endsWithin, modulesIn, tiledIn, wholeBlockOf } from "./modules.ts";

/** A module is fetched or released at a place of a run. */
interface Hook {
  readonly at: number;
  readonly use: number;
  readonly what: "fetch" | "release";
}

/** What a pass gathers, run by run. */
export interface Gathers {
  readonly cuts: ReadonlyMap<Run, readonly Cut[]>;
  /** What goes when the step is over. */
  readonly end: readonly Act[];
  /** Parameters that stay whole once they are. */
  readonly persistent: readonly Buffer[];
  /** These are gathered anew once they are stepped. */
  readonly updated: readonly Act[];
}

/** How ZeRO-3 gathers. */
export interface GatherPlan extends GatherSettings, Gathering {
  /** Parameters of at most so many elements stay whole. */
  readonly persistence: number;
  /** The type of the model, whose blocks of experts may be gathered whole. */
  readonly type: string;
  readonly checkpointing: Scenario["train"]["checkpointing"];
  /** Tiles that MLPs run one after the other; null: all at once. */
  readonly tiles: number | null;
}

/**
 * What a pass gathers and releases around each module.
 *
 * Source: deepspeed/runtime/zero/parameter_offload.py,
 * _register_deepspeed_module, mark_persistent_parameters
 */
export function gathersOf(
  { acts }: PassActs,
  plan: GatherPlan,
  cutter: Cutter,
): Gathers {
  const block = wholeBlockOf(plan.type);
  const parameters: Parameter[] = [];
  const places = new Map<unknown, Map<Parameter, number>>();
  /** Layers that are alike share Parameter objects; what stands outside of them is one. */
  const placeOf = ({ instance }: Run, parameter: Parameter): number => {
    const owner = typeof instance.at === "number" ? instance : null;
    const own = places.get(owner) ?? new Map<Parameter, number>();
    places.set(owner, own);
    const known = own.get(parameter);
    if (known !== undefined) return known;
    own.set(parameter, parameters.length);
    return parameters.push(parameter) - 1;
  };
  const uses: ParameterUse[] = [];
  const hooks = new Map<Run, Hook[]>();
  const useOf = (run: Run, module: UsedModule): number =>
    uses.push({
      parameters: module.parameters.map((each) => placeOf(run, each)),
      isBlock: module.isBlock,
    }) - 1;
  /** Modules run one after the other, all at one place. */
  const visit = (
    run: Run,
    modules: readonly UsedModule[],
    at: number,
  ): void => {
    for (const module of modules) {
      const use = useOf(run, module);
      hooks.get(run)?.push({ at, use, what: "fetch" });
      hooks.get(run)?.push({ at, use, what: "release" });
    }
  };
  const modulesOf = new Map<unknown, UsedModule[]>();
  for (const run of acts) {
    const own: Hook[] = [];
    hooks.set(run, own);
    if (run.phase === "forward") {
      const modules = modulesIn(cutter.reads(run), run, block);
      modulesOf.set(run.instance, [
        ...modulesOf.get(run.instance) ?? [],
        ...modules,
      ]);
      for (const [index, module] of modules.entries()) {
        const use = useOf(run, module);
        own.push({ at: module.at, use, what: "fetch" });
        const at = modules[index + 1]?.at ?? run.segment.to;
        own.push({ at, use, what: "release" });
        if (!endsWithin(run, module)) continue;
        // Its backward runs within the forward pass: a loss that is taken in tiles.
        const { done } = module;
        const again = useOf(run, module);
        own.push({ at: done, use: again, what: "fetch" });
        own.push({ at: done, use: again, what: "release" });
      }
      const tiled = tiledIn(modules, plan.tiles);
      for (let tile = 1; tile < (plan.tiles ?? 1); tile++) {
        visit(run, tiled, run.segment.to);
      }
      continue;
    }
    const modules = (modulesOf.get(run.instance) ?? []).filter(({ done }) =>
      done === null || done > run.segment.from
    );
    const { from, to } = run.segment;
    const again = typeof run.at === "number" &&
      isCheckpointed(plan.checkpointing, run.at);
    const backward = modules.toReversed().map((module) => ({
      module,
      use: -1,
    }));
    let cursor = from;
    const fetch = (one: typeof backward[number]): void => {
      if (one.use >= 0) return;
      one.use = useOf(run, one.module);
      own.push({ at: cursor, use: one.use, what: "fetch" });
    };
    const tiled = tiledIn(modules, plan.tiles);
    // A layer runs again once the backward of its last module needs what it saved:
    // tiles of one save nothing.
    if (backward[0] && tiled.length === 0) fetch(backward[0]);
    if (again) visit(run, modules, from);
    for (let tile = 1; again && tile < (plan.tiles ?? 1); tile++) {
      visit(run, tiled, from);
    }
    for (let tile = 0; tile < (plan.tiles ?? 0); tile++) {
      visit(run, tiled, from);
      if (tile < (plan.tiles ?? 0) - 1) visit(run, tiled.toReversed(), from);
    }
    for (const [index, one] of backward.entries()) {
      fetch(one);
      const done = backward.slice(index).find(({ module }) =>
        module.done !== null
      )?.module.done ?? to;
      cursor = Math.max(cursor, done);
      own.push({ at: cursor, use: one.use, what: "release" });
    }
  }
  const persists = parameters.map(({ elements }) =>
    elements <= plan.persistence
  );
  const elements = parameters.map((each) => each.elements);
  const coordinator = new Coordinator(uses, elements, persists, plan);
  const buffers = new Gathered(parameters, plan);
  const cuts = new Map<Run, Cut[]>();
  for (const [run, own] of hooks) {
    const when = whenOf(run);
    cuts.set(
      run,
      own.map(({ at, use, what }) => ({
        at,
        acts:
          (what === "fetch" ? coordinator.fetch() : coordinator.release(use))
            .flatMap((event) => buffers.actsOf(event, when)),
      })),
    );
  }
  return {
    cuts,
    end: coordinator.end().flatMap((event) =>
      buffers.actsOf(event, BACKWARD_END)
    ),
    persistent: parameters.flatMap((_, at) =>
      persists[at] ? [buffers.whole(at)] : []
    ),
    updated: buffers.exchanged(
      parameters.flatMap((_, at) => persists[at] ? [at] : []),
      { what: UPDATED, times: 1 },
      STEP,
    ),
  };
}
