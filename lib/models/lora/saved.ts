import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import type { MatchedTargets } from "./match.ts";
import { layersOfName, meet, together, without } from "./match.ts";
import type { Module } from "./module.ts";
import { PEFT_PREFIX, SAVED_COPY } from "./names.ts";
import type { LoraSettings } from "./settings.ts";
import { TextFinder } from "./text_finder.ts";

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
  const saver = saverOf(names);
  return tensors.flatMap((tensor) => {
    const taken = saver.taken(tensor.name, tensor.layers);
    if (taken === "none") return [];
    return [{
      ...tensor,
      name: `${PEFT_PREFIX}${tensor.name}${SAVED_COPY}`,
      layers: layersOfName(tensor.layers, taken),
    }];
  });
}

/** Finds the tensors that lie in modules to save: what ends so, dot or not. */
function saverOf(names: readonly string[]): TextFinder {
  return new TextFinder(names.map((name) => `${name}.`));
}

/** A list whose members are declared one by one: StableLM's norms of heads. */
const LIST = /\.norms$/;

/** A list of PEFT's own beside every adapter. */
const DROPOUT = "lora_dropout";

/** Where modules are. */
type Place = Pick<Module, "path" | "layers">;

/** Where a path ends: no name holds it. */
const END = ".\n";

/** Why PEFT would not save a module that a name takes; null when it does. */
export function savedRefusal(
  names: readonly string[],
  modules: readonly Module[],
  adapted: readonly Place[],
): string | null {
  const paths = new Set(modules.map(({ path }) => path));
  const lists = modules.filter(({ path }) =>
    LIST.test(path) || paths.has(`${path}.N`)
  );
  for (const name of names) {
    const finder = new TextFinder([`${name}${END}`]);
    const took = ({ path, layers }: Place) =>
      finder.taken(path, layers, ["", END]) !== "none";
    if (adapted.length > 0 && DROPOUT.endsWith(name)) {
      return `train.lora.modules_to_save must name modules of the model: ${name} is the end of the adapters' own ${DROPOUT}`;
    }
    const lora = adapted.find(took);
    if (lora) {
      return `train.lora.modules_to_save must name no module that train.lora.targets takes: ${name} is the end of ${lora.path}`;
    }
    const list = lists.find(took);
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
  const saver = saverOf(modules_to_save);
  const byPath = Map.groupBy(adapted, ({ path }) => path);
  return tensors
    .filter(({ name }) => name === "bias" || name.endsWith(".bias"))
    .map((tensor) => {
      const { name, layers } = tensor;
      const taken = bias === "all" ? "all" : adaptedOf(tensor, byPath);
      const left = without(layers, taken, saver.taken(name, layers));
      return elementsOf(tensor) *
        copiesOf({ layers: layersOfName(layers, left) });
    })
    .reduce((sum, elements) => sum + elements, 0);
}

/** The layers of a bias whose module is adapted. */
function adaptedOf(
  { name, layers }: Tensor,
  adapted: ReadonlyMap<string, readonly Place[]>,
): MatchedTargets {
  const found = (adapted.get(name.slice(0, -".bias".length)) ?? [])
    .filter((module) => meet(module.layers, layers));
  if (found.length === 0) return "none";
  if (layers === null) return "all";
  const outside = without(
    layers,
    "all",
    together(found.map((module) => module.layers ?? "all")),
  );
  return without(layers, "all", outside);
}

/** The names that take no module, with parameters or tied. */
export function savingNothing(
  tensors: readonly Tensor[],
  names: readonly string[],
): string[] {
  return names.filter((name) => {
    const saver = saverOf([name]);
    return tensors.every((tensor) =>
      saver.taken(tensor.name, tensor.layers) === "none"
    );
  });
}
