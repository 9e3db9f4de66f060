import type { Machine, Value } from "../machine.ts";
import { slice } from "./arithmetic.ts";
import { softmax } from "./softmax.ts";

/**
 * The softmax of scores and a learned one more for each head, which is dropped
 * after: the row's largest is taken off first.
 *
 * Source: huggingface/transformers models/gpt_oss/modeling_gpt_oss.py,
 * eager_attention_forward
 */
export function withSinks(m: Machine, scores: Value, rows: number): Value {
  return m.call(() => {
    const { dtype, elements, source } = scores;
    const all = elements + rows;
    const joint = m.record([scores], [], ([grad]) => [
      grad && source ? { ...m.share(grad), elements } : null,
    ]);
    const joined = m.create(
      all,
      dtype,
      "scores and sinks",
      joint && { node: joint, slot: 0 },
    );
    const largest = m.create(rows, dtype, "largest scores");
    const places = m.create(rows, "int64", "places of largest scores");
    const node = m.record([joined], [places], () => [
      m.grad(joined.source, all, dtype, "gradient of scores and sinks"),
    ]);
    const shifted = m.create(
      all,
      dtype,
      "scores less the largest",
      node && { node, slot: 0 },
    );
    m.drop(largest, places, joined);
    const chances = softmax(m, shifted, false, "softmax");
    m.drop(shifted);
    return slice(m, chances, elements);
  });
}
