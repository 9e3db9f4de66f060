import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import { copied } from "../../play/torch/ops/arithmetic.ts";
import { embedding } from "../../play/torch/ops/embedding.ts";
import type { Parameter, Value } from "../../play/torch/values.ts";
import { HIDDEN_AT_ENDS, reduceScattered } from "./exchanged.ts";
import type { Shares } from "./shares.ts";
import { tokensOf } from "./shares.ts";

/**
 * Rows of this rank's part of the table, summed over ranks.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/tensor_parallel/layers.py,
 * VocabParallelEmbedding.forward
 */
export function lookedUp(
  m: Machine,
  table: Parameter,
  ids: Value,
  shares: Shares,
): Value {
  return m.call(() => {
    const rows = tokensOf(shares);
    const own = shares.tp > 1
      ? m.create(rows, "int64", "ids of this rank")
      : m.view(ids);
    const isScattered = shares.splitsTokens && shares.code === "deepspeed";
    if (!shares.splitsTokens || isScattered) {
      m.tape.exchange({
        collective: "all-reduce",
        group: "tensor",
        bytes: rows * table.elements / (table.shape[0] ?? 1) *
          DTYPE_BYTES[table.dtype],
        what: HIDDEN_AT_ENDS,
      });
    }
    let x = embedding(m, table, own, rows, "embeddings");
    const replace = (next: Value): void => {
      m.drop(x);
      x = next;
    };
    if (shares.batch > 1) replace(copied(m, x, "embeddings by position"));
    if (isScattered) replace(scattered(m, x, shares.tp));
    else if (shares.splitsTokens) {
      replace(
        reduceScattered(
          m,
          x,
          shares.tp,
          "embeddings of this rank",
          HIDDEN_AT_ENDS,
        ),
      );
    }
    return x;
  });
}

/**
 * This rank's tokens, a view of all: the others' stand as long.
 *
 * Source: deepspeedai/Megatron-DeepSpeed megatron/model/language_model.py,
 * Embedding.forward
 */
function scattered(m: Machine, x: Value, ranks: number): Value {
  const own = x.elements / ranks;
  const others = m.create(x.elements - own, x.dtype, "embeddings of others");
  const node = m.record([x], [others], () => [
    m.grad(x.source, x.elements, x.dtype, "gathered gradient of embeddings"),
  ]);
  m.drop(others);
  const label = "embeddings of this rank";
  return m.create(own, x.dtype, label, node && { node, slot: 0 });
}
