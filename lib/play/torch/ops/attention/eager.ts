import { roundedBytes } from "../../../memory/tape.ts";
import { DTYPE_BYTES } from "../../dtype.ts";
import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import {
  add,
  addedTo,
  cast,
  copied,
  savingOutput,
  scaled,
} from "../arithmetic.ts";
import { bounded } from "../bounded.ts";
import { dropout } from "../dropout.ts";
import { softmax } from "../softmax.ts";
import { attentionProduct, copiedHeads, repeated } from "./products.ts";
import { softmaxWithSinks } from "./sinks.ts";
import type { AttentionSettings, Heads } from "./types.ts";

/** Scores, softmax and product, each a tensor of its own. */
export function eager(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  settings: AttentionSettings,
  bias: Value | null,
  held: Value[] | null,
): Value {
  const { batch, queries, keys: seen, heads, valueWidth } = sizes;
  return m.call(() => {
    const single = sizes.kvHeads === 1 && batch > 1;
    // One head is copied by each product, which autograd alone keeps copies for.
    const isBrief = single && m.followsVariables;
    const few = single ? copiedHeads(m, k, heads) : repeated(m, k, sizes);
    const early = isBrief
      ? null
      : single
      ? copiedHeads(m, v, heads)
      : repeated(m, v, sizes);
    const keys = laidOut(m, few, batch);
    const asks = settings.floorsScores
      ? scaled(m, q, "scaled queries")
      : m.view(q);
    const own = laidOut(m, asks, batch);
    const [asking, asked] = [own, keys].map((each) =>
      settings.wideScores
        ? cast(m, each, "fp32", "heads in fp32")
        : m.view(each)
    ) as [Value, Value];
    const scores = attentionProduct(
      m,
      asking,
      asked,
      batch * heads * queries * seen,
      "scores",
    );
    if (isBrief) m.drop(asking, asked, keys, few);
    let current = scores;
    const replace = (next: Value) => {
      m.drop(current);
      current = next;
    };
    if (settings.scalesInPlace || settings.floorsScores) {
      current = m.view(scores);
    } else replace(scaled(m, scores, "scaled scores"));
    if (settings.softcap) {
      replace(scaled(m, current, "scores by their cap"));
      replace(savingOutput(m, current, "tanh of the scores"));
      replace(scaled(m, current, "capped scores"));
    }
    if (bias) {
      replace(
        settings.addsInPlace
          ? addedTo(m, current, bias)
          : add(m, current, bias, "scores with positions"),
      );
    }
    if (settings.masked || (settings.causal && seen === queries)) {
      const mask = m.external(batch * queries * seen, q.dtype, "mask", null);
      replace(add(m, current, mask, "masked scores"));
      if (settings.floorsScores) {
        m.drop(scores);
        replace(bounded(m, current, "floored scores"));
      }
    }
    const { sinks } = settings;
    const isFloored16 = settings.floorsScores === true &&
      current.dtype === "fp16";
    const wide = settings.wideSoftmax || isFloored16;
    const chances = sinks
      ? softmaxWithSinks(m, current, seen, sinks)
      : softmax(m, current, wide, "softmax");
    const to = sinks
      ? v.dtype
      : settings.leavesWeights && !isFloored16
      ? chances.dtype
      : m.autocast ?? q.dtype;
    const narrow = cast(m, chances, to, "attention weights");
    m.drop(chances, current, scores);
    const dropped = dropout(m, narrow, settings.dropout, "attention weights");
    m.drop(narrow);
    if (!settings.addsInPlace) held?.push(m.keep(m.view(dropped)));
    const values = early ?? copiedHeads(m, v, heads);
    const out = attentionProduct(
      m,
      dropped,
      laidOut(m, values, batch),
      batch * queries * heads * valueWidth,
      "attention output",
    );
    m.drop(dropped);
    return copied(m, out, "attention output by token");
  });
}

/**
 * Heads as a batched product reads them: those that lie within a larger tensor are
 * copied, but of a single sequence, whose heads are found by their strides.
 *
 * Source: pytorch aten/src/ATen/native/LinearAlgebra.cpp, _matmul_impl
 */
function laidOut(m: Machine, x: Value, batch: number): Value {
  if (batch === 1 || !isPart(m, x)) return x;
  const own = copied(m, x, "heads by sequence");
  m.drop(x);
  return own;
}

/** Whether a tensor is a part of a larger one. */
function isPart(m: Machine, { storage, elements, dtype }: Value): boolean {
  const whole = m.tape.bytes[storage] ?? 0;
  return whole > roundedBytes(elements * DTYPE_BYTES[dtype]);
}
