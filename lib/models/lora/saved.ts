import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import type { Taken } from "./match.ts";
import { layersOf, literally, meet, takenByPattern, without } from "./match.ts";
import type { Module } from "./module.ts";
import type { LoraSettings } from "./settings.ts";

/**
 * The copies that PEFT trains of whole modules: every tensor under a module whose
 * path ends with one of the names, dot or not. The frozen original stays beside.
 *
 * @param tensors The model's tensors, with those that are tied to another.
 */
export function savedCopies(
  tensors: readonly Tensor[],
  names: readonly string[],
): Tensor[] {
  return tensors.flatMap((tensor) => {
    const taken = savedOf(tensor, names);
    if (taken === "none") return [];
    return [{
      ...tensor,
      name: `base_model.model.${tensor.name}.modules_to_save.default`,
      layers: layersOf(tensor.layers, taken),
    }];
  });
}

/** The part of a stack of tensors that lies in modules to save. */
function savedOf(
  { name, layers }: Tensor,
  names: readonly string[],
): Taken {
  if (names.length === 0) return "none";
  const any = names.map(literally).join("|");
  return takenByPattern(
    name,
    layers,
    new RegExp(`^.*(?:${any})\\..*$`, "u"),
  );
}

/** A list whose members are declared one by one: StableLM's norms of heads. */
const LIST = /\.norms$/;

/** A list of PEFT's own beside every adapter. */
const DROPOUT = "lora_dropout";

/** Where modules are. */
type Place = Pick<Module, "path" | "layers">;

/** Why PEFT would not save a module that a name takes; null when it does. */
export function refusalOf(
  names: readonly string[],
  modules: readonly Module[],
  adapted: readonly Place[],
): string | null {
  const pattern = (name: string) => new RegExp(`^.*${literally(name)}$`, "u");
  for (const name of names) {
    const took = ({ path, layers }: Place) =>
      takenByPattern(path, layers, pattern(name)) !== "none";
    if (adapted.length > 0 && DROPOUT.endsWith(name)) {
      return `train.lora.modules_to_save must name modules of the model: ${name} is the end of the adapters' own ${DROPOUT}`;
    }
    const lora = adapted.find(took);
    if (lora) {
      return `train.lora.modules_to_save must name no module that train.lora.targets takes: ${name} is the end of ${lora.path}`;
    }
    const list = modules.find((module) =>
      took(module) &&
      (LIST.test(module.path) ||
        modules.some(({ path }) => path === `${module.path}.N`))
    );
    if (list) {
      return `train.lora.modules_to_save must name modules, not a list of them: ${name} is the end of ${list.path}`;
    }
  }
  return null;
}

/**
 * The elements of the biases that train beside the adapters; those of saved
 * modules train as copies.
 *
 * @param adapted The modules that LoRA adapts.
 * @param names The modules to save.
 */
export function trainedBiases(
  tensors: readonly Tensor[],
  adapted: readonly Place[],
  { bias, modules_to_save }: LoraSettings,
): number {
  if (bias === "none") return 0;
  return tensors
    .filter(({ name }) => name === "bias" || name.endsWith(".bias"))
    .map((tensor) => {
      const { layers } = tensor;
      const taken = bias === "all" ? "all" : adaptedOf(tensor, adapted);
      const left = without(layers, taken, savedOf(tensor, modules_to_save));
      return elementsOf(tensor) * copiesOf({ layers: layersOf(layers, left) });
    })
    .reduce((sum, elements) => sum + elements, 0);
}

/** The layers of a bias whose module is adapted. */
function adaptedOf(
  { name, layers }: Tensor,
  adapted: readonly Place[],
): Taken {
  const path = name.slice(0, -".bias".length);
  const found = adapted.filter((module) =>
    module.path === path && meet(module.layers, layers)
  );
  if (found.length === 0) return "none";
  if (layers === null) return "all";
  const outside = found.reduce<Taken>(
    (left, module) => without(layers, left, module.layers ?? "all"),
    "all",
  );
  return without(layers, "all", outside);
}

/** Whether a name takes any module, with parameters or tied. */
export function savesAny(tensors: readonly Tensor[], name: string): boolean {
  return tensors.some((tensor) => savedOf(tensor, [name]) !== "none");
}
