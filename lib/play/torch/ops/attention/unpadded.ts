import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { underAutocast } from "../linear.ts";
import { kernel } from "./kernel.ts";
import type { Heads } from "./types.ts";

/** A flash kernel over the tokens of a padded batch. */
export function unpadded(
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
): Value {
  return m.call(() => {
    const narrow = heads.map((each) =>
      underAutocast(m, each, "attention input")
    ) as [Value, Value, Value];
    const rows = sizes.batch * sizes.queries;
    return withoutPadding(
      m,
      narrow,
      rows,
      (tokens) => kernel(m, tokens, sizes, { flash: true, packaged: true }),
    );
  });
}

/**
 * Attention of a padded batch by a flash kernel: the tokens are picked out of
 * queries, keys and values, and the kernel's output is written between zeros.
 * Every token is taken for one that is seen: what is padding no Scenario says.
 *
 * Source: huggingface/transformers modeling_flash_attention_utils.py, _upad_input,
 * _index_first_axis and _pad_input
 *
 * @param attend Attention over the tokens side by side.
 */
function withoutPadding(
  m: Machine,
  heads: readonly [Value, Value, Value],
  rows: number,
  attend: (heads: readonly [Value, Value, Value]) => Value,
): Value {
  return m.call(() => {
    const places = m.create(rows, "int64", "places of tokens");
    const [q, k, v] = heads.map((each) =>
      moved(m, each, places, "heads without padding")
    ) as [Value, Value, Value];
    const out = attend([q, k, v]);
    m.drop(q, k, v);
    return moved(m, out, places, "attention output with padding");
  });
}

/** A copy of rows by their places, which are kept; so is its gradient one. */
function moved(m: Machine, x: Value, places: Value, label: string): Value {
  const node = m.record([x], [places], () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  return m.create(x.elements, x.dtype, label, node && { node, slot: 0 });
}
