import type { Machine } from "../../machine.ts";
import type { Parameter, Value } from "../../values.ts";
import { savingOutput, slice } from "../arithmetic.ts";

/**
 * The softmax of scores beside which each head has a sink, that is left out after:
 * joined, less their greatest, in their own type. The caller holds what the softmax
 * read to its end.
 *
 * Source: huggingface/transformers models/gpt_oss/modeling_gpt_oss.py,
 * eager_attention_forward
 *
 * @param count How many scores a row has.
 */
export function softmaxWithSinks(
  m: Machine,
  scores: Value,
  count: number,
  sinks: Parameter,
): Value {
  const rows = scores.elements / count;
  const own = m.parameter(sinks);
  const joint = m.record([scores, own], [], ([grad]) => [
    grad && scores.source
      ? { ...m.share(grad), elements: scores.elements }
      : null,
    own.source && m.grad(own.source, own.elements, own.dtype, "sinks"),
  ]);
  const { dtype } = scores;
  const elements = rows * (count + 1);
  const joined = m.create(
    elements,
    dtype,
    "scores and sinks",
    joint && { node: joint, slot: 0 },
  );
  const greatest = m.create(rows, dtype, "greatest scores");
  const places = m.create(rows, "int64", "places of the greatest scores");
  const less = m.record([joined], [places], ([grad]) => {
    const turned = m.grad(null, elements, dtype, "negated gradient");
    m.free(turned);
    const picked = m.grad(null, elements, dtype, "gradient of the greatest");
    m.free(picked);
    return [grad ? m.share(grad) : null];
  });
  // The names of the greatest are of an expression: autograd alone holds places.
  if (m.followsVariables) m.drop(places);
  const lowered = m.create(
    elements,
    dtype,
    "scores less their greatest",
    less && { node: less, slot: 0 },
  );
  m.drop(joined, greatest, places);
  const chances = savingOutput(m, lowered, "softmax with sinks");
  const kept = slice(m, chances, scores.elements);
  m.drop(chances);
  return kept;
}
