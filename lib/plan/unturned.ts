import type { Config } from "../models/config.ts";
import { isTurned } from "../models/families/code/turned.ts";
import type { LayerStack } from "./stacks.ts";

/**
 * A stack whose layers without rotary positions are of kinds of their own.
 *
 * @param usual Every how many layers one is so where the config does not say;
 *   null of a type without such layers.
 */
export function withUnturned(
  stack: LayerStack,
  usual: number | null,
  config: Config,
): LayerStack {
  if (usual === null) return stack;
  const { kinds } = stack;
  const unturned = new Map(
    kinds.map((
      kind,
    ) => [kind, { ...kind, id: kind.id + kinds.length, unturned: true }]),
  );
  const layers = stack.layers.map((kind, at) =>
    isTurned(at, config, usual) ? kind : unturned.get(kind) ?? kind
  );
  return { ...stack, kinds: [...new Set(layers)], layers };
}
