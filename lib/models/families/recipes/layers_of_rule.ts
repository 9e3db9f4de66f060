import { layersWhere } from "../../tensors/layer_ranges.ts";
import type { LayerRange } from "../../tensors/tensor.ts";
import type { CountRule, LayerRule } from "./recipe.ts";
import type { RecipeFields } from "./recipe_fields.ts";

const COUNTED: Readonly<
  Record<CountRule, (layer: number, value: number, count: number) => boolean>
> = {
  from: (layer, value) => layer >= value,
  until: (layer, value) => layer < value,
  every: (layer, value) => value > 0 && (layer + 1) % value === 0,
  notevery: (layer, value) => value > 0 && (layer + 1) % value !== 0,
  each: (layer, value) => value > 0 && layer % value === 0,
  noteach: (layer, value) => value > 0 && layer % value !== 0,
  second: (layer, value) =>
    value > 0 && layer % value === Math.min(1, value - 1),
  notsecond: (layer, value) =>
    value > 0 && layer % value !== Math.min(1, value - 1),
  last: (layer, value, count) => layer >= count - value,
  notlast: (layer, value, count) => layer < count - value,
};

/** The layers of a stack that a rule picks. */
export function layersOfRule(
  rule: LayerRule,
  count: number,
  fields: RecipeFields,
): LayerRange[] {
  switch (rule[0]) {
    case "all":
      return layersWhere(count, () => true);
    case "only": {
      const only = new Set(rule[1]);
      return layersWhere(count, (layer) => only.has(layer));
    }
    case "in": {
      const listed = fields.list(rule[1]);
      const values = new Set(rule[2]);
      return layersWhere(
        count,
        (layer) => layer < listed.length && values.has(listed[layer]),
      );
    }
    case "named":
    case "unnamed": {
      const listed = new Set(fields.list(rule[1]));
      const isNamed = rule[0] === "named";
      return layersWhere(count, (layer) => listed.has(layer) === isNamed);
    }
    default: {
      const [kind, by] = rule;
      const value = typeof by === "number" ? by : Number(fields.value(by) ?? 0);
      return layersWhere(count, (layer) => COUNTED[kind](layer, value, count));
    }
  }
}
