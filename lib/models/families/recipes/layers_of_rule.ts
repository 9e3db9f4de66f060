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
  spread: (layer, value, count) =>
    value > 0 && (layer + 1) % Math.max(1, Math.floor(count / value)) === 0,
};

/**
 * Which layers of a stack a rule picks.
 *
 * @param count Layers of the stack.
 */
export function picksOf(
  rule: LayerRule,
  count: number,
  fields: RecipeFields,
): (layer: number) => boolean {
  switch (rule[0]) {
    case "all":
      return () => true;
    case "only": {
      const only = new Set(rule[1]);
      return (layer) => only.has(layer);
    }
    case "in":
    case "first": {
      const listed = fields.listOfLayers(rule[1], count);
      const values = new Set(rule[2]);
      const isOne = (layer: number) =>
        layer < listed.length && values.has(listed[layer]);
      if (rule[0] === "in") return isOne;
      const first = listed.findIndex((value) => values.has(value));
      return (layer) => layer === first;
    }
    case "named":
    case "unnamed": {
      const listed = new Set(fields.list(rule[1]));
      const isNamed = rule[0] === "named";
      return (layer) => listed.has(layer) === isNamed;
    }
    case "both":
    case "either": {
      const [kind, ...rules] = rule;
      const [one, other] = rules.map((each) => picksOf(each, count, fields));
      return kind === "both"
        ? (layer) => (one?.(layer) ?? false) && (other?.(layer) ?? false)
        : (layer) => (one?.(layer) ?? false) || (other?.(layer) ?? false);
    }
    default: {
      const [kind, by] = rule;
      const value = typeof by === "number" ? by : Number(fields.value(by) ?? 0);
      return (layer) => COUNTED[kind](layer, value, count);
    }
  }
}
