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

/** A module's parameters in one run. */
interface Module {
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
  const block = WHOLE_BLOCKS[plan.type] ?? null;
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
  const useOf = (run: Run, module: Module): number =>
    uses.push({
      parameters: module.parameters.map((each) => placeOf(run, each)),
      isBlock: module.isBlock,
    }) - 1;
  const modulesOf = new Map<unknown, Module[]>();
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
      }
      continue;
    }
    const modules = modulesOf.get(run.instance) ?? [];
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
    // A layer runs again once the backward of its last module needs what it saved.
    if (backward[0]) fetch(backward[0]);
    for (const module of again ? modules : []) {
      const use = useOf(run, module);
      own.push({ at: from, use, what: "fetch" });
      own.push({ at: from, use, what: "release" });
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

/** Parameters by the module that has them. */
function modulesIn(
  met: readonly { parameter: Parameter; at: number }[],
  { instance }: Run,
  block: string | null,
): Module[] {
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

/**
 * Blocks of experts that DeepSpeed gathers whole, in the order in which they are
 * made: experts, then the router.
 *
 * Source: deepspeed/runtime/zero/leaf_module_config.py, DEFAULT_LEAF_MODULE_CLASSES
 */
const WHOLE_BLOCKS: Record<string, string> = {
  mixtral: "mlp",
  qwen2_moe: "mlp",
  qwen3_moe: "mlp",
};

/** An adapter's matrices are modules of their own, named after their layer's. */
function moduleOf({ name }: Parameter, block: string | null): string {
  if (block !== null && name.startsWith(`${block}.`)) return block;
  return name.includes(" ") ? name : name.slice(0, name.lastIndexOf("."));
}
