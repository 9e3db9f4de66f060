import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { add, scaled, slice } from "../torch/ops/arithmetic.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { OwnInputsPlan } from "./own_inputs.ts";
import { broughtIn } from "./own_inputs.ts";
import type { StreamsPlan } from "./streams.ts";
import {
  addedToOthers,
  aroundAttention,
  corrected,
  firstStream,
  predicted,
} from "./streams.ts";

/** What a layer of several streams has beside them. */
export interface StreamsParts {
  readonly rows: number;
  readonly streams: StreamsPlan;
  readonly norms: {
    readonly beforeAttention: Norm;
    readonly afterAttention: Norm;
    readonly beforeMlp: Norm;
    readonly afterMlp: Norm;
  };
  readonly ownInputs: OwnInputsPlan;
  attend(m: Machine, x: Value): Value;
  feed(m: Machine, x: Value): Value;
}

/**
 * A layer of several streams, of which the first alone runs through attention and
 * MLP. Variables of its code hold what it makes till it ends.
 *
 * Source: huggingface/transformers models/gemma3n/modeling_gemma3n.py,
 * Gemma3nTextDecoderLayer.forward
 *
 * @param inputs What tokens have for this layer alone.
 */
export function streamsLayer(
  m: Machine,
  x: Value,
  inputs: Value,
  { rows, streams, norms, ownInputs, attend, feed }: StreamsParts,
): Value {
  const normed = (value: Value, own: Norm) =>
    m.within("norm activations", () => norm(m, value, rows, own, "norm"));
  return m.call(() => {
    const predictions = predicted(m, x, rows, streams);
    const active = slice(m, predictions, x.elements / streams.count);
    const input = normed(active, norms.beforeAttention);
    const around = aroundAttention(m, input, rows, streams);
    const looked = attend(m, input);
    const attended = normed(looked, norms.afterAttention);
    m.drop(looked);
    const gated = add(m, active, attended, "gated attention");
    const both = add(m, gated, around, "attention and the way around it");
    const half = scaled(m, both, "scaled attention");
    m.drop(both);
    const fed = feed(m, normed(half, norms.beforeMlp));
    const activated = add(m, half, normed(fed, norms.afterMlp), "activated");
    const all = corrected(m, predictions, activated, rows, streams);
    const first = firstStream(m, all, streams);
    const brought = broughtIn(m, first, inputs, rows, ownInputs);
    return addedToOthers(m, all, brought, streams.count);
  });
}
