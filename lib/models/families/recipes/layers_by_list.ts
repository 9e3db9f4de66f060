import { layersWhere } from "../../tensors/layer_ranges.ts";
import { rangesOfNumbers } from "../../tensors/layer_numbers.ts";
import type { LayerRange } from "../../tensors/tensor.ts";
import { fieldsOfFormula } from "./formula.ts";
import type { Formula, LayerRule } from "./recipe.ts";
import { picksOf } from "./layers_of_rule.ts";
import type { RecipeFields } from "./recipe_fields.ts";

/** Ends the path of a list of which each layer has its own value. */
const OWN = ".@";

/** Layers of one shape, and the formulas of its sizes there. */
interface LayersOfShape {
  readonly layers: LayerRange[] | null;
  readonly shape: readonly Formula[];
}

/**
 * The layers that a rule picks, by what a list of the config says of each where sizes
 * ask for it.
 *
 * @param count Layers of the stack.
 */
export function layersByList(
  rule: LayerRule,
  count: number,
  shape: readonly Formula[],
  fields: RecipeFields,
): LayersOfShape[] {
  const picks = picksOf(rule, count, fields);
  const list = shape.flatMap(fieldsOfFormula).find((path) =>
    path.endsWith(OWN)
  );
  if (list === undefined) {
    return [{ layers: layersWhere(count, picks), shape }];
  }
  const listed = fields.listOfLayers(list.slice(0, -OWN.length), count);
  const byValue = new Map<unknown, number[]>();
  for (const [layer, value] of listed.slice(0, count).entries()) {
    if (!picks(layer)) continue;
    const same = byValue.get(value);
    if (same) same.push(layer);
    else byValue.set(value, [layer]);
  }
  return [...byValue.values()].map((layers) => ({
    layers: rangesOfNumbers(layers),
    shape: shape.map((size) => atLayer(size, layers[0] ?? 0)),
  }));
}

function atLayer(formula: Formula, layer: number): Formula {
  if (typeof formula === "number") return formula;
  if (typeof formula === "string") {
    return formula.endsWith(OWN) ? `${formula.slice(0, -1)}${layer}` : formula;
  }
  const [operation, ...parts] = formula;
  return [operation, ...parts.map((part) => atLayer(part, layer))];
}
