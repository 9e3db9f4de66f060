import { add, cast, scaled } from "../../play/torch/ops/arithmetic.ts";
import type { RowsJoin } from "../../play/torch/ops/embedding.ts";
import { linear } from "../../play/torch/ops/linear.ts";

/**
 * Adds what a table's adapter gives to rows that were looked up.
 *
 * Source: huggingface/peft 0.21.2 src/peft/tuners/lora/layer.py, Embedding.forward
 */
export const peftRows: RowsJoin = (
  m,
  looked,
  ids,
  rows,
  { rank, a, b },
  rescales,
) =>
  m.call(() => {
    const table = m.parameter(a);
    const node = m.record([table], [ids], () => {
      // The gradient is of the table turned, and laid out anew.
      const { source, elements, dtype } = table;
      const turned = m.grad(null, elements, dtype, "embedding gradient");
      const given = m.grad(source, elements, dtype, "embedding gradient");
      m.free(turned);
      return [given];
    });
    const narrow = m.create(
      rows * rank,
      a.dtype,
      "rows of the adapter",
      node && { node, slot: 0 },
    );
    const sizes = { in: rank, out: looked.elements / rows, bias: null };
    const wide = linear(
      m,
      narrow,
      rows,
      { name: "embedding B", ...sizes, weight: b },
    );
    let added = scaled(m, wide, "adapter's rows");
    m.drop(wide);
    if (rescales) {
      const again = scaled(m, added, "adapter's rows, scaled");
      m.drop(added);
      added = again;
    }
    const sum = add(m, looked, added, "embeddings with adapter");
    return cast(m, sum, looked.dtype, "embeddings with adapter");
  });
