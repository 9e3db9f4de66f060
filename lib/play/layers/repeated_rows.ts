import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { cast, multiply, resized } from "../torch/ops/arithmetic.ts";
import { gathered } from "../torch/ops/gather.ts";
import { ownMlp } from "./expert_network.ts";
import type { ExpertLinears, ExpertsPlan } from "./expert_types.ts";

/**
 * One expert after the other: each takes its rows of all that were repeated for each
 * choice, by a mask, and writes what it gives where they were.
 *
 * Source: inclusionAI/Ling-V2 models/modeling_bailing_moe_v2.py,
 * BailingMoeV2SparseMoeBlock.forward
 */
export function onRepeatedRows(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  linears: readonly ExpertLinears[],
  plan: ExpertsPlan,
): Value {
  const { experts, perToken, hidden } = plan;
  const many = rows * perToken;
  return m.call(() => {
    const repeated = resized(m, x, many * hidden, "repeated rows");
    let out = m.create(many * hidden, x.dtype, "output of experts");
    const each = Math.ceil(many / experts);
    for (let expert = 0; expert < experts; expert++) {
      const next = m.call(() => {
        const mine = gathered(
          m,
          repeated,
          each * hidden,
          each,
          "rows of an expert",
        );
        const given = ownMlp(m, mine, each, linears[expert], plan);
        m.drop(mine);
        return written(m, out, given, each);
      });
      m.drop(out);
      out = next;
    }
    const weighted = multiply(m, out, weights, "weighted expert outputs");
    m.drop(out);
    const sum = resized(m, weighted, rows * hidden, "sum of experts");
    m.drop(weighted);
    return cast(m, sum, x.dtype, "output of experts");
  });
}

/**
 * index_put_: the written rows' gradient is picked of the whole one, of which what
 * was there before has a copy with zeros in their place.
 *
 * Source: pytorch tools/autograd/derivatives.yaml, index_put_
 */
function written(m: Machine, whole: Value, rows: Value, count: number): Value {
  const index = m.create(count, "int64", "places of an expert's rows");
  const node = m.record([whole, rows], [index], () => [
    whole.source &&
    m.grad(whole.source, whole.elements, whole.dtype, "gradient of the others"),
    rows.source &&
    m.grad(rows.source, rows.elements, rows.dtype, "gradient of expert rows"),
  ]);
  m.drop(index);
  return m.view(whole, { source: node && { node, slot: 0 } });
}
