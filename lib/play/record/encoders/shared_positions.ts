import type { Machine } from "../../torch/machine.ts";
import { copied, expanded } from "../../torch/ops/arithmetic.ts";
import { embedding } from "../../torch/ops/embedding.ts";
import { norm } from "../../torch/ops/norms.ts";
import type { Parameter, Value } from "../../torch/values.ts";
import type { StackEnds } from "./stack_ends.ts";

/** Embedded distances as all layers read them. */
export function embeddedDistances(
  m: Machine,
  { table, norm: own }: NonNullable<StackEnds["distances"]>,
): Value {
  const rows = m.parameter(table);
  const count = table.shape[0] ?? 1;
  return own
    ? norm(m, rows, count, own, "norm of embedded distances")
    : m.view(rows);
}

/**
 * A bias for each pair of places and each head, looked up by how far apart they
 * are.
 *
 * Source: huggingface/transformers models/t5/modeling_t5.py,
 * T5Attention.compute_bias
 *
 * @param saves Whether the distances are kept; a checkpoint finds them again.
 */
export function biases(
  m: Machine,
  { tokens, batch, spreadsBias }: Pick<
    StackEnds,
    "tokens" | "batch" | "spreadsBias"
  >,
  table: Parameter,
  saves: boolean,
): Value {
  const places = m.create(tokens ** 2, "int64", "buckets of distances");
  const found = embedding(
    m,
    table,
    places,
    tokens ** 2,
    "biases of positions",
    saves,
  );
  m.drop(places);
  if (!spreadsBias) return found;
  const turned = expanded(m, found, batch * found.elements);
  const own = copied(m, turned, "biases of every sequence");
  m.drop(found, turned);
  return own;
}
