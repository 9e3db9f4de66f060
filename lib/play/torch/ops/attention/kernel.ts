import { DTYPE_BYTES } from "../../dtype.ts";
import type { Machine } from "../../machine.ts";
import type { Grad, Value } from "../../values.ts";
import { underAutocast } from "../linear.ts";
import type { Heads } from "./types.ts";
import { takeWithin, workspaces } from "./workspaces.ts";

/** One kernel: saves q, k, v, what it gave, and the log-sum of each row. */
export function kernel(
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
  { flash, mask = null }: { flash: boolean; mask?: Value | null },
): Value {
  return m.call(() => {
    const [q, k, v] = heads.map((each) =>
      underAutocast(m, each, "attention input")
    ) as [Value, Value, Value];
    const rows = sizes.batch * sizes.queries;
    const out = m.create(
      rows * sizes.heads * sizes.valueWidth,
      q.dtype,
      "attention output",
    );
    const sums = m.create(rows * sizes.heads, "fp32", "attention log-sums");
    const seed = m.create(1, "int64", "attention seed");
    const offset = m.create(1, "int64", "attention offset");
    const node = m.record(
      [q, k, v, mask],
      [q, k, v, out, sums, seed, offset, mask],
      () => {
        const made = (x: Value, name: string): Grad | null =>
          x.source && m.grad(x.source, x.elements, x.dtype, name);
        const given = () => [
          made(q, "gradient of queries"),
          made(k, "gradient of keys"),
          made(v, "gradient of values"),
          mask && made(mask, "gradient of the attention bias"),
        ];
        const grads = given();
        if (m.workspaces) {
          takeWithin(m, workspaces(sizes, DTYPE_BYTES[q.dtype], flash));
        }
        return grads;
      },
    );
    out.source = node && { node, slot: 0 };
    return out;
  });
}
