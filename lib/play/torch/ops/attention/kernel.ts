import type { Dtype } from "../../dtype.ts";
import { DTYPE_BYTES } from "../../dtype.ts";
import { output } from "../../output.ts";
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
  { flash, mask = null, packaged = false }: {
    flash: boolean;
    mask?: Value | null;
    /** Whether it is of a package: checkpoints keep outputs of PyTorch's own. */
    packaged?: boolean;
  },
): Value {
  return m.call(() => {
    const [q, k, v] = heads.map((each) =>
      underAutocast(m, each, "attention input")
    ) as [Value, Value, Value];
    const rows = sizes.batch * sizes.queries;
    const given = (elements: number, dtype: Dtype, label: string): Value =>
      packaged
        ? m.create(elements, dtype, label)
        : output(m, "attention", { elements, dtype, label });
    const elements = rows * sizes.heads * sizes.valueWidth;
    const out = given(elements, q.dtype, "attention output");
    const sums = given(rows * sizes.heads, "fp32", "attention log-sums");
    const seed = given(1, "int64", "attention seed");
    const offset = given(1, "int64", "attention offset");
    const node = m.record(
      [q, k, v, mask],
      [q, k, v, out, sums, seed, offset, mask],
      () => {
        const made = (x: Value, name: string): Grad | null =>
          x.source && m.grad(x.source, x.elements, x.dtype, name);
        const grads = [
          made(q, "gradient of queries"),
          made(k, "gradient of keys"),
          made(v, "gradient of values"),
          mask && made(mask, "gradient of the attention bias"),
        ];
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
