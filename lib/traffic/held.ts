import type { ModelPiece, Tensor } from "../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../models/tensors/tensor.ts";
import type { TrafficQuestion } from "./question.ts";

/** Parameters of one kind on one GPU, and how many of them train. */
export interface Share {
  parameters: number;
  trainable: number;
}

/** Parameters of the busiest GPU before replicas share them out. */
export interface Held {
  /** What every data-parallel rank has. */
  common: Share;
  /** Routed experts, where expert parallelism spreads them; else zero. */
  experts: Share;
}

/**
 * Counts what one GPU holds: layers by stage, what tensor parallelism splits by
 * its size, experts by theirs. Of stages with and without embedding or head the
 * fullest counts.
 *
 * @param splitsExperts Whether tensor parallel ranks split each expert.
 */
export function heldBy(
  { scenario, model, mesh, trainable }: TrafficQuestion,
  splitsExperts: boolean,
): Held {
  const { tp, pp, ep } = mesh;
  const layerShare = Math.ceil(model.architecture.layers / pp) /
    Math.max(1, model.architecture.layers);
  const full = scenario.train.method === "full";
  const pieces: "all" | readonly ModelPiece[] = scenario.train.trainable;
  const trains = ({ piece }: Tensor): boolean =>
    full && (pieces === "all" || pieces.includes(piece));
  const spread = ep > 1;

  const counted = model.tensors.reduce(
    (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
    0,
  );
  // Parameters that the user gives may differ from what the tensors sum to.
  const scale = counted > 0 ? model.parameters / counted : 1;

  const common = { parameters: 0, trainable: 0 };
  const experts = { parameters: 0, trainable: 0 };
  const ends = { first: { ...common }, last: { ...common } };
  for (const tensor of model.tensors) {
    const isSpread = spread && tensor.expert;
    const ways = isSpread
      ? ep * (splitsExperts ? tp : 1)
      : tensor.split === null
      ? 1
      : tp;
    const stage = tensor.layers === null ? 1 : layerShare;
    const parameters = scale * elementsOf(tensor) * copiesOf(tensor) * stage /
      ways;
    const into = isSpread
      ? experts
      : tensor.layers !== null
      ? common
      : tensor.role === "head"
      ? ends.last
      : ends.first;
    into.parameters += parameters;
    if (trains(tensor)) into.trainable += parameters;
  }
  const { first, last } = ends;
  const taken = pp === 1
    ? [first, last]
    : [first.parameters >= last.parameters ? first : last];
  for (const end of taken) {
    common.parameters += end.parameters;
    common.trainable += end.trainable;
  }
  if (!full) common.trainable = trainable / (tp * pp);
  return { common, experts };
}
