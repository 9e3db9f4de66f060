import type { Machine } from "../torch/machine.ts";
import { add, cast, copied } from "../torch/ops/arithmetic.ts";
import { rowsOf, rowsPut } from "../torch/ops/masked_rows.ts";
import type { Value } from "../torch/values.ts";
import type { HandedFeatures, ReadFeatures } from "./features.ts";
import { readFeatures, readingFeatures } from "./features.ts";
import type { StackLayer } from "./record_stack.ts";

/** What adds features of the tower to the hidden states at images' places. */
export function addingLayer(handed: HandedFeatures, width: number): StackLayer {
  let read: ReadFeatures | null = null;
  return {
    key: handed.name,
    checkpoint: false,
    held: false,
    code: () => ({
      run: (m, x) => {
        read = readFeatures(m, handed);
        return added(m, x, read.value, width);
      },
      finish: (block) => read ? readingFeatures(block, read) : block,
    }),
  };
}

/**
 * A copy of hidden states with features added at their places.
 *
 * Source: huggingface/transformers models/qwen3_vl/modeling_qwen3_vl.py,
 * _deepstack_process
 */
function added(m: Machine, x: Value, features: Value, width: number): Value {
  const { elements } = features;
  const rows = elements / width;
  return m.call(() => {
    const own = cast(m, features, x.dtype, "features in their type");
    const copy = copied(m, x, "hidden states with features");
    const chosen = rowsOf(m, copy, rows, elements);
    const sum = add(m, chosen, own, "rows with features");
    m.drop(chosen, own);
    return rowsPut(m, copy, rows, sum);
  });
}
