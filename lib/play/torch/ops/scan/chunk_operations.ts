import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { resized } from "../arithmetic.ts";
import { underAutocast } from "../linear.ts";

/*
 * Operations of scans that are written in PyTorch; what each saves follows
 * pytorch's tools/autograd/derivatives.yaml.
 */

/**
 * A product of matrices that were both computed, in autocast's type where there is
 * one: each is saved for the other.
 */
export function matrixProduct(
  m: Machine,
  left: Value,
  right: Value,
  elements: number,
  label: string,
): Value {
  const [a, b] = [left, right].map((side) =>
    underAutocast(m, side, `side of ${label}`)
  ) as [Value, Value];
  const { dtype } = a;
  const node = m.record(
    [a, b],
    [b.source ? a : null, a.source ? b : null],
    () =>
      [a, b].map(({ source, elements: count }) =>
        source && m.grad(source, count, dtype, `gradient of ${label}`)
      ),
  );
  const out = m.create(elements, dtype, label, node && { node, slot: 0 });
  m.drop(a, b);
  return out;
}

/** The sum of each row, whose gradient is the row's, seen as often as it is wide. */
export function rowSums(
  m: Machine,
  x: Value,
  rows: number,
  label: string,
): Value {
  const node = m.record(
    [x],
    [],
    ([grad]) => [grad ? { ...m.share(grad), elements: x.elements } : null],
  );
  return m.create(rows, x.dtype, label, node && { node, slot: 0 });
}

/** A copy with zeros behind, or without them where there are none to add. */
export const padded = resized;

/** Each element so many times: its gradient is their sum. */
export function repeatedFor(
  m: Machine,
  x: Value,
  times: number,
  label: string,
): Value {
  return resized(m, x, x.elements * times, label);
}

/**
 * Decays between every two tokens of a chunk: differences of their sums, without
 * those of later tokens, and their exponentials, which are saved.
 */
export function pairwiseDecays(
  m: Machine,
  sums: Value,
  elements: number,
): Value {
  return m.call(() => {
    const { dtype } = sums;
    const less = m.record([sums], [], () => [
      m.grad(sums.source, sums.elements, dtype, "gradient of sums of decay"),
    ]);
    const pairs = m.create(
      elements,
      dtype,
      "differences of decay",
      less && { node: less, slot: 0 },
    );
    const own = m.record([pairs], [], () => [
      m.grad(pairs.source, elements, dtype, "gradient of differences"),
    ]);
    const earlier = m.create(
      elements,
      dtype,
      "differences from earlier tokens",
      own && { node: own, slot: 0 },
    );
    m.drop(pairs);
    const out = m.create(elements, dtype, "decays between tokens");
    const node = m.record([earlier], [out], () => [
      m.grad(earlier.source, elements, dtype, "gradient of decays"),
    ]);
    out.source = node && { node, slot: 0 };
    m.drop(earlier);
    return out;
  });
}

/** A triangular system's solution: matrix and solution are saved. */
export function solved(
  m: Machine,
  matrix: Value,
  right: Value,
  label: string,
): Value {
  const { elements, dtype } = right;
  const out = m.create(elements, dtype, label);
  const node = m.record([matrix, right], [matrix, out], () => {
    const dRight = m.grad(
      right.source,
      elements,
      dtype,
      `gradient of ${label}`,
    );
    if (!matrix.source) return [null, dRight];
    const { elements: count, source } = matrix;
    const product = m.grad(null, count, dtype, "product of gradients");
    const negative = m.grad(null, count, dtype, "negated product");
    m.free(product);
    const lower = m.grad(source, count, dtype, "gradient of the matrix");
    m.free(negative);
    return [lower, right.source ? dRight : (m.free(dRight), null)];
  });
  out.source = node && { node, slot: 0 };
  return out;
}

/**
 * Decays between every two tokens of a chunk, from sums that start anew at each:
 * two masks and a sum along the chunk.
 *
 * Source: huggingface/transformers models/falcon_h1/modeling_falcon_h1.py,
 * segment_sum
 */
export function segmentDecays(
  m: Machine,
  decays: Value,
  elements: number,
): Value {
  return m.call(() => {
    const { dtype } = decays;
    const step = (x: Value, label: string) => {
      const node = m.record([x], [], () => [
        m.grad(x.source, x.elements, dtype, `gradient of ${label}`),
      ]);
      return m.create(elements, dtype, label, node && { node, slot: 0 });
    };
    const earlier = step(decays, "decays of earlier tokens");
    const sums = step(earlier, "sums of decay between tokens");
    const kept = step(sums, "sums from earlier tokens");
    m.drop(sums, earlier);
    const out = m.create(elements, dtype, "decays between tokens");
    const node = m.record([kept], [out], () => [
      m.grad(kept.source, elements, dtype, "gradient of decays"),
    ]);
    out.source = node && { node, slot: 0 };
    return out;
  });
}

/** Decays between every two chunks, from the sums of their tokens' decays. */
export function decaysBetween(
  m: Machine,
  sums: Value,
  elements: number,
): Value {
  const out = m.create(elements, sums.dtype, "decays between chunks");
  const node = m.record([sums], [out], () => [
    m.grad(sums.source, sums.elements, sums.dtype, "gradient of sums"),
  ]);
  out.source = node && { node, slot: 0 };
  return out;
}
