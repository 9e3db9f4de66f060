import type { Machine } from "../../../play/torch/machine.ts";
import { cast, scaled } from "../../../play/torch/ops/arithmetic.ts";
import { masked } from "../../../play/torch/ops/masked.ts";
import { rowsOf } from "../../../play/torch/ops/masked_rows.ts";
import type { Value } from "../../../play/torch/values.ts";

/** The sizes of a pooling. */
interface Pooling {
  /** Patches of all images, and of each. */
  readonly rows: number;
  readonly count: number;
  /** What each image has of averages, and how many of all are no padding. */
  readonly pooled: number;
  readonly tokens: number;
  readonly width: number;
}

/**
 * Averages of patches by their places: a product in fp32 with a matrix of who goes
 * where, of which padding is left out.
 *
 * Source: huggingface/transformers 5.24.0 models/gemma4/modeling_gemma4.py,
 * Gemma4VisionPooler
 */
export function pooledByPlaces(
  m: Machine,
  x: Value,
  { rows, count, pooled, tokens, width }: Pooling,
): Value {
  return m.call(() => {
    const padding = m.create(rows, "uint8", "padding among patches");
    const bare = masked(m, x, padding, "patches without padding");
    m.drop(padding);
    const places = m.create(rows * pooled, "int64", "places of patches");
    const flags = m.create(rows * pooled, "fp32", "who goes where");
    m.drop(places);
    const shares = scaled(m, flags, "shares of patches");
    m.drop(flags);
    const wide = cast(m, bare, "fp32", "patches in fp32");
    const averages = rows / count * pooled;
    const sums = summed(m, wide, shares, averages * width);
    m.drop(wide);
    const narrow = cast(m, sums, x.dtype, "averages");
    m.drop(sums, shares, bare);
    const again = cast(m, narrow, "fp32", "averages in fp32");
    m.drop(narrow);
    const larger = scaled(m, again, "scaled averages");
    m.drop(again);
    const kept = rowsOf(m, larger, tokens, tokens * width);
    m.drop(larger);
    return cast(m, kept, x.dtype, "features of images");
  });
}

/** shares × x, of which the shares are saved. */
function summed(m: Machine, x: Value, shares: Value, elements: number): Value {
  const node = m.record([x], [shares], () => [
    m.grad(x.source, x.elements, x.dtype, "gradient of patches in fp32"),
  ]);
  return m.create(
    elements,
    x.dtype,
    "sums of patches",
    node && { node, slot: 0 },
  );
}
