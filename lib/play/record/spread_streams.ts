import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  cast,
  join,
  mean,
  multiply,
  power,
  savingInput,
  savingOutput,
  slice,
} from "../torch/ops/arithmetic.ts";

/*
 * Source: huggingface/transformers models/gemma3n/modeling_gemma3n.py,
 * Gemma3nTextModel.forward
 */

/** The mean square of each row; autocast has powers in fp32. */
function meanSquare(m: Machine, x: Value, rows: number): Value {
  return m.call(() => {
    const wide = m.autocast ? cast(m, x, "fp32", "rows in fp32") : m.view(x);
    const square = power(m, wide, "square of rows");
    return mean(m, square, rows, "mean square");
  });
}

function magnitude(m: Machine, x: Value, rows: number): Value {
  return m.call(() => power(m, meanSquare(m, x, rows), "magnitude"));
}

/** A projection of a stream with another's magnitude. */
function likened(
  m: Machine,
  x: Value,
  rows: number,
  projection: AdaptedLinear,
  target: Value,
): Value {
  return m.call(() => {
    const made = adaptedLinear(m, x, rows, projection);
    const own = cast(m, made, x.dtype, "projected stream");
    const square = meanSquare(m, own, rows);
    const least = savingInput(m, square, "mean square from a least on");
    const root = savingOutput(m, least, "magnitude of a stream");
    const times = multiply(m, own, target, "stream by its target");
    return multiply(m, times, root, "stream of another's magnitude");
  });
}

/** Streams side by side, in the widest of their types. */
function stacked(m: Machine, streams: readonly Value[]): Value {
  const widest: Dtype = streams.some(({ dtype }) => dtype === "fp32")
    ? "fp32"
    : streams[0]?.dtype ?? "fp32";
  const typed = streams.map((each) => cast(m, each, widest, "stream"));
  const all = join(m, typed, "streams");
  m.drop(...typed);
  return all;
}

/** What stands before the layers of several streams. */
export interface SpreadStreams {
  readonly all: Value;
  /** Each of the others, which the model's code refers to till its layers have run. */
  readonly others: readonly Value[];
}

/** The embeddings and projections of them, as streams. */
export function spreadStreams(
  m: Machine,
  x: Value,
  rows: number,
  projections: readonly AdaptedLinear[],
): SpreadStreams {
  const target = magnitude(m, x, rows);
  const others = projections.map((each) => likened(m, x, rows, each, target));
  const all = stacked(m, [x, ...others]);
  m.drop(target);
  return { all, others };
}

/** The mean of all streams, each but the first projected. */
export function mergedStreams(
  m: Machine,
  x: Value,
  rows: number,
  projections: readonly AdaptedLinear[],
): Value {
  return m.call(() => {
    const one = x.elements / (projections.length + 1);
    const first = slice(m, x, one);
    const target = magnitude(m, first, rows);
    const others = projections.map((each) =>
      likened(m, slice(m, x, one), rows, each, target)
    );
    const all = stacked(m, [first, ...others]);
    const node = m.record([all], [], () => [
      m.grad(all.source, all.elements, all.dtype, "gradient of all streams"),
    ]);
    return m.create(
      one,
      all.dtype,
      "mean of streams",
      node && {
        node,
        slot: 0,
      },
    );
  });
}
