import type { Run } from "../../play/program/act.ts";
import type { Parameter } from "../../play/torch/values.ts";

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

/** Modules that run a tile of the tokens at a time. */
export function tiledIn(
  modules: readonly UsedModule[],
  tiles: number | null,
): readonly UsedModule[] {
  return tiles === null
    ? []
    : modules.filter(({ parameters }) =>
      parameters.some(({ name }) => name.startsWith("mlp."))
    );
}

/** Whether a module's backward has ended when a run does. */
export function endsWithin(
  { segment: { from, to } }: Run,
  module: UsedModule,
): module is UsedModule & { readonly done: number } {
  return module.done !== null && module.done > from && module.done <= to;
}

/** Parameters by the module that has them. */
export function modulesIn(
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

/** The name of a type's blocks that are gathered whole; null where it has none. */
export function wholeBlockOf(type: string): string | null {
  return WHOLE_BLOCKS[type] ?? null;
}

/** An adapter's matrices are modules of their own, named after their layer's. */
function moduleOf({ name }: Parameter, block: string | null): string {
  if (block !== null && name.startsWith(`${block}.`)) return block;
  return name.includes(" ") ? name : name.slice(0, name.lastIndexOf("."));
}
