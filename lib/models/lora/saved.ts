import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import type { Module } from "./module.ts";
import type { LoraSettings } from "./settings.ts";

/**
 * The copies that PEFT trains of whole modules: every tensor under a module whose
 * path ends with the name. The frozen original stays beside it.
 */
export function savedCopies(
  tensors: readonly Tensor[],
  names: readonly string[],
): Tensor[] {
  return names.flatMap((name) => {
    const found = tensors.filter((tensor) => isUnder(tensor.name, name));
    return (found.length > 0 ? found : tiedHead(tensors, name))
      .map((tensor) => ({
        ...tensor,
        name: `base_model.model.${tensor.name}.modules_to_save.default`,
      }));
  });
}

/** A tied head is a module whose weight is the embedding's: its copy is a new one. */
function tiedHead(tensors: readonly Tensor[], name: string): Tensor[] {
  if (name !== "lm_head" || tensors.some(({ role }) => role === "head")) {
    return [];
  }
  const embedding = tensors.find(({ role }) => role === "embedding");
  return embedding
    ? [{ ...embedding, name: "lm_head.weight", role: "head" }]
    : [];
}

function isUnder(path: string, name: string): boolean {
  const keys = path.split(".");
  return keys.some((_, at) =>
    at > 0 && keys.slice(0, at).join(".").endsWith(name)
  );
}

/** The elements of the biases that train beside the adapters. */
export function trainedBiases(
  tensors: readonly Tensor[],
  adapted: readonly Module[],
  bias: LoraSettings["bias"],
): number {
  if (bias === "none") return 0;
  const paths = new Set(adapted.map(({ path }) => path));
  return tensors
    .filter(({ name }) =>
      name.endsWith("bias") &&
      (bias === "all" || paths.has(name.slice(0, -".bias".length)))
    )
    .reduce((sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor), 0);
}
