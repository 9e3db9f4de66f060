import type { LayerKind, LayerStack } from "./stacks.ts";

/** Whether layers have queries alone, and ask for an earlier layer's keys. */
export function asks({ tensors }: LayerKind): boolean {
  const roles = [...tensors.values()].map(({ role }) => role);
  return roles.includes("q") && !roles.includes("k");
}

/**
 * A stack whose layers that hand keys and values on are of kinds of their own: of
 * those with a window and of those without, the last one that makes any.
 *
 * Source: huggingface/transformers models/gemma4/configuration_gemma4.py,
 * kv_sharing_modes; models/gemma3n/modeling_gemma3n.py, Gemma3nTextAttention
 *
 * @param handsHeads Whether layers of the type do.
 */
export function withGivers(stack: LayerStack, handsHeads: boolean): LayerStack {
  if (!handsHeads || !stack.kinds.some(asks)) return stack;
  const first = stack.layers.findIndex(asks);
  const before = stack.layers.slice(0, first);
  const giving = new Set(
    [true, false].map((sliding) =>
      before.findLastIndex((kind) => (kind.sliding === true) === sliding)
    ),
  );
  const next = 1 + Math.max(...stack.kinds.map(({ id }) => id));
  const givers = new Map(
    stack.kinds.map((kind, at): [LayerKind, LayerKind] => [
      kind,
      { ...kind, id: next + at, gives: true },
    ]),
  );
  const layers = stack.layers.map((kind, at) =>
    giving.has(at) ? givers.get(kind) ?? kind : kind
  );
  return { ...stack, kinds: [...new Set(layers)], layers };
}
