import { Matcher, readPattern } from "../patterns/mod.ts";
import type { Scenario } from "../scenario/schema.ts";
import { PathPattern } from "./lora/match.ts";
import type { MatchedTargets } from "./lora/match.ts";
import { without } from "./lora/match.ts";
import type { Model } from "./model.ts";
import type { LayerRange, Tensor } from "./tensors/tensor.ts";
import { copiesOf } from "./tensors/tensor.ts";

/**
 * A model whose tensors are cut to those of layers that train and those that do not,
 * as `train.trainable_layers` and `train.trainable_parameters` have it.
 */
export function withFrozenParts(
  model: Model,
  { train }: Pick<Scenario, "train">,
): Model {
  const { trainable_layers: some, trainable_parameters: text } = train;
  if (train.method !== "full" || (some === null && text === null)) {
    return model;
  }
  const read = text === null ? null : readPattern(text);
  const pattern = read?.ok
    ? new PathPattern(new Matcher(read.automaton))
    : null;
  const depth = depthOf(model);
  const tensors = model.tensors.flatMap((tensor): Tensor[] => {
    const { name, layers } = tensor;
    const named: MatchedTargets = pattern ? pattern.taken(name, layers) : "all";
    const trains = some === null
      ? named
      : within(tensor, named, layersOf(some, depth));
    if (trains === "all") return [tensor];
    if (trains === "none" || layers === null) {
      return [{ ...tensor, frozen: true }];
    }
    const rest = without(layers, "all", trains);
    return [
      { ...tensor, layers: trains },
      ...typeof rest === "string"
        ? []
        : [{ ...tensor, layers: rest, frozen: true as const }],
    ];
  });
  return { ...model, tensors };
}

/** Layers of the language model. */
function depthOf({ tensors }: Model): number {
  return tensors.reduce(
    (most, { piece, layers }) =>
      piece === "language_model"
        ? (layers ?? []).reduce((deep, [, to]) => Math.max(deep, to), most)
        : most,
    0,
  );
}

/** The last so many layers, or with a minus the first. */
function layersOf(some: number, depth: number): LayerRange {
  return some > 0
    ? [Math.max(0, depth - some), depth, 1]
    : [0, Math.min(depth, -some), 1];
}

/** What of a tensor lies in some layers of the language model. */
function within(
  { piece, layers }: Tensor,
  named: MatchedTargets,
  [from, to]: LayerRange,
): MatchedTargets {
  if (piece !== "language_model" || layers === null || named === "none") {
    return "none";
  }
  const asked = named === "all" ? layers : named;
  const inside = asked.map(([first, last, step]): LayerRange => [
    first + step * Math.max(0, Math.ceil((from - first) / step)),
    Math.min(last, to),
    step,
  ]).filter((range) => copiesOf({ layers: [range] }) > 0);
  if (inside.length === 0) return "none";
  return copiesOf({ layers: inside }) === copiesOf({ layers }) ? "all" : inside;
}
