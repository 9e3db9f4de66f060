import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";

/** Numbers of a place in a batch of sequences: which one, and which token of it. */
const NUMBERS = 2;

/** The places that a mask of rows takes, for as long as an operation needs them. */
function withPlaces<T>(m: Machine, rows: number, body: () => T): T {
  const places = m.create(NUMBERS * rows, "int64", "places of rows");
  const result = body();
  m.drop(places);
  return result;
}

/**
 * A copy of the rows that a mask takes: x[mask]. The gradient is a whole x of zeros
 * to which theirs are added; the mask, which the caller holds, is saved.
 *
 * Source: pytorch tools/autograd/derivatives.yaml, index.Tensor
 */
export function rowsOf(
  m: Machine,
  x: Value,
  rows: number,
  elements: number,
): Value {
  const node = m.record([x], [], () => [
    x.source && m.grad(null, x.elements, x.dtype, "gradient of all rows"),
  ]);
  const source = node && { node, slot: 0 };
  return withPlaces(
    m,
    rows,
    () => m.create(elements, x.dtype, "rows of images", source),
  );
}

/**
 * Writes rows at the places that a mask takes, in place: x[mask] = rows. Each
 * side's gradient is a copy.
 *
 * Source: pytorch tools/autograd/derivatives.yaml, index_put_
 */
export function rowsPut(
  m: Machine,
  x: Value,
  rows: number,
  values: Value,
): Value {
  const node = m.record([x, values], [], () => [
    x.source && m.grad(null, x.elements, x.dtype, "gradient of other rows"),
    values.source &&
    m.grad(null, values.elements, values.dtype, "gradient of written rows"),
  ]);
  return withPlaces(
    m,
    rows,
    () => m.view(x, { source: node && { node, slot: 0 } }),
  );
}
