import type { Model } from "../../models/model.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../../models/tensors/tensor.ts";

/** Most tensors that are listed, each layer's by itself. */
const MOST_TENSORS = 100_000;

/** A tensor by itself, and the layer that it lies in. */
interface Listed {
  readonly name: string;
  readonly elements: number;
  readonly layer: number | null;
}

/**
 * A pattern of the parameters that train where the first share of all is frozen, in
 * the order of modules; null where that order is not known.
 *
 * Source: modelscope/ms-swift swift/utils/transformers_utils.py, freeze_parameters
 */
export function trainsBehind(model: Model, ratio: number): string | null {
  const all = listed(model);
  if (all === null) return null;
  const total = all.reduce((sum, { elements }) => sum + elements, 0);
  const frozen = Math.floor(total * ratio);
  let before = 0;
  const trains = all.filter(({ elements }) => {
    before += elements;
    return before > frozen;
  });
  const [first] = trains;
  if (!first) return null;
  const layers = new Set(all.map(({ layer }) => layer));
  const whole = [...layers].filter((layer) =>
    layer !== null && all.filter((each) => each.layer === layer)
      .every((each) => trains.includes(each))
  );
  const others = trains.filter(({ layer }) => !whole.includes(layer));
  return [
    ...(whole.length > 0 ? [`.*\\.(?:${whole.join("|")})\\..*`] : []),
    ...others.map(({ name }) => name.replaceAll(".", "\\.")),
  ].join("|");
}

/** All tensors in the order of modules, of a model with one stack of layers. */
function listed({ tensors }: Model): Listed[] | null {
  const stacked = tensors.filter(({ layers }) => layers !== null);
  const count = tensors.reduce((sum, each) => sum + copiesOf(each), 0);
  if (
    stacked.some(({ piece }) => piece !== "language_model") ||
    count > MOST_TENSORS
  ) return null;
  const begin = tensors.findIndex(({ layers }) => layers !== null);
  const alone = (tensor: Tensor): Listed => ({
    name: tensor.name,
    elements: elementsOf(tensor),
    layer: null,
  });
  const depth = Math.max(
    0,
    ...stacked.flatMap(({ layers }) => (layers ?? []).map(([, to]) => to)),
  );
  const ofLayer = (layer: number): Listed[] =>
    stacked.filter(({ layers }) =>
      (layers ?? []).some(([from, to, step]) =>
        layer >= from && layer < to && (layer - from) % step === 0
      )
    ).map((tensor) => ({
      name: tensor.name.replace(/\.N\./, `.${layer}.`),
      elements: elementsOf(tensor),
      layer,
    }));
  return [
    ...tensors.slice(0, begin).map(alone),
    ...Array.from({ length: depth }, (_, layer) => ofLayer(layer)).flat(),
    ...tensors.slice(begin).filter(({ layers }) => layers === null).map(alone),
  ];
}
