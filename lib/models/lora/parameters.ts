import type { Tensor } from "../tensors/tensor.ts";
import { layersOfName, meet, NameList } from "./match.ts";
import type { Module } from "./module.ts";
import type { LoraSettings } from "./settings.ts";

/** A stack of bare parameters that LoRA adapts. */
export type LoraParameter = Tensor;

/** The parameters that a list takes, by the ends of their names. */
export function adaptedParameters(
  tensors: readonly Tensor[],
  names: readonly string[],
): LoraParameter[] {
  if (names.length === 0) return [];
  const list = new NameList(names);
  return tensors.flatMap((tensor) => {
    const taken = list.taken(tensor.name, tensor.layers);
    if (taken === "none") return [];
    return [{ ...tensor, layers: layersOfName(tensor.layers, taken) }];
  });
}

/** Why PEFT would not adapt bare parameters; null when it does. */
export function parameterRefusal(
  parameters: readonly LoraParameter[],
  modules: readonly Module[],
  { dora, dropout = 0 }: Pick<LoraSettings, "dora" | "dropout">,
): string | null {
  if (parameters.length === 0) return null;
  if (dropout > 0) {
    return `train.lora.dropout must be 0 where bare parameters such as experts are adapted: current value is ${dropout}`;
  }
  if (dora) {
    return "train.lora.dora must be false where bare parameters such as experts are adapted: current value is true";
  }
  const bare = parameters.find(({ name }) => !name.includes("."));
  if (bare) {
    return `train.lora.target_parameters must name parameters inside modules: ${bare.name} is the model's own`;
  }
  const flat = parameters.find(({ shape }) =>
    shape.length !== 2 && shape.length !== 3
  );
  if (flat) {
    return `train.lora.target_parameters must name parameters of 2 or 3 dimensions: ${flat.name} has ${flat.shape.length}`;
  }
  const byPath = Map.groupBy(modules, ({ path }) => path);
  const twice = parameters.find(({ name, layers }) =>
    byPath.get(name.slice(0, name.lastIndexOf(".")))
      ?.some((module) => meet(module.layers, layers))
  );
  return twice
    ? `train.lora.target_parameters must name no parameter of a module that train.lora.targets takes: current value is ${twice.name}`
    : null;
}
