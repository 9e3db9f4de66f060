import type { Config } from "../models/config.ts";
import type { Stack } from "./stacks.ts";

/**
 * A stack whose layers without rotary positions are of kinds of their own.
 *
 * Source: huggingface/transformers models/llama4/configuration_llama4.py,
 * no_rope_layers and no_rope_layer_interval
 *
 * @param usual Every how many layers one is so where the config does not say;
 *   null of a type without such layers.
 */
export function withUnturned(
  stack: Stack,
  usual: number | null,
  config: Config,
): Stack {
  if (usual === null) return stack;
  const stated = config["no_rope_layer_interval"];
  const turn = typeof stated === "number" && stated > 0 ? stated : usual;
  const listed = config["no_rope_layers"];
  const isUnturned = (layer: number) =>
    Array.isArray(listed) && listed.length > 0
      ? listed[layer] === 0
      : (layer + 1) % turn === 0;
  const { kinds } = stack;
  const unturned = new Map(
    kinds.map((
      kind,
    ) => [kind, { ...kind, id: kind.id + kinds.length, unturned: true }]),
  );
  const layers = stack.layers.map((kind, at) =>
    isUnturned(at) ? unturned.get(kind) ?? kind : kind
  );
  return { ...stack, kinds: [...new Set(layers)], layers };
}
