import {
  numbersOf,
  rangesOfNumbers,
} from "../../models/tensors/layer_numbers.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import type { PackedLayers } from "../scheme.ts";
import type { WeightPacking } from "../weight_packing.ts";
import type { SelectedLayers } from "./module_list.ts";

/** How what a rule takes is packed; null leaves it as it is. */
export interface PackingRule {
  /** The layers of a tensor's stack that it takes. */
  of(tensor: Tensor): SelectedLayers;
  readonly packing: WeightPacking | null;
  /** Whether it names modules, and does not just take all that is there. */
  readonly names: boolean;
}

/** A rule that takes all that no rule before it took. */
export function restRule(packing: WeightPacking | null): PackingRule {
  return { of: () => "all", packing, names: false };
}

/** How rules have a tensor packed: of those that take a layer, the first decides. */
export function packedByRules(
  tensor: Tensor,
  rules: readonly PackingRule[],
): PackedLayers[] {
  const { layers } = tensor;
  const left = new Set(layers === null ? [0] : numbersOf(layers));
  const total = left.size;
  const parts: { packing: WeightPacking | null; taken: number[] }[] = [];
  const give = (packing: WeightPacking | null, taken: number[]) => {
    if (taken.length === 0) return;
    const same = parts.find((part) => part.packing === packing);
    if (same) same.taken.push(...taken);
    else parts.push({ packing, taken });
    for (const layer of taken) left.delete(layer);
  };
  for (const { of, packing } of rules) {
    if (left.size === 0) break;
    const taken = of(tensor);
    if (taken === "all") give(packing, [...left]);
    else if (layers !== null && taken.size > 0) {
      give(packing, [...left].filter((layer) => taken.has(layer)));
    }
  }
  give(null, [...left]);
  return parts.map(({ packing, taken }) => ({
    packing,
    layers: layers === null || taken.length === total
      ? layers
      : rangesOfNumbers(taken.sort((a, b) => a - b)),
  }));
}
