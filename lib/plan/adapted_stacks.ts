import { PEFT_PREFIX } from "../models/lora/names.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import type { LayerKind, LayerStack } from "./stacks.ts";

/**
 * A stack whose layers are of kinds of their own where they hold other adapters:
 * targets may pick layers by number.
 *
 * @param adapters LoRA's tensors of the whole model.
 */
export function withAdapters(
  stack: LayerStack,
  adapters: readonly Tensor[],
): LayerStack {
  const prefix = `${PEFT_PREFIX}${stack.path}.N.`;
  const own = adapters.filter(({ name }) => name.startsWith(prefix));
  if (own.length === 0) return stack;
  const kinds = new Map<string, LayerKind>();
  const held = own.map(({ layers }) => numbersOf(layers));
  const layers = stack.layers.map((kind, at) => {
    const mine = own.filter((_, index) => held[index]?.has(at));
    const key = `${kind.id} ${
      own.map((_, index) => held[index]?.has(at) ? 1 : 0).join("")
    }`;
    const known = kinds.get(key);
    if (known) return known;
    const made: LayerKind = {
      ...kind,
      id: kinds.size,
      adapters: new Map(
        mine.map((tensor) => [tensor.name.slice(prefix.length), tensor]),
      ),
    };
    kinds.set(key, made);
    return made;
  });
  return { ...stack, kinds: [...kinds.values()], layers };
}

function numbersOf(layers: Tensor["layers"]): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const [from, to, step] of layers ?? []) {
    for (let layer = from; layer < to; layer += step) numbers.add(layer);
  }
  return numbers;
}
