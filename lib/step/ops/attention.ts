import { DTYPE_BYTES } from "../dtype.ts";
import type { Grad, Machine, Value } from "../machine.ts";
import { add, cast, copied, scaled } from "./arithmetic.ts";
import { dropout } from "./dropout.ts";
import { underAutocast } from "./linear.ts";
import { softmax } from "./softmax.ts";

/** The sizes of one attention. */
export interface Heads {
  /** Sequences of the batch. */
  readonly batch: number;
  /** Tokens that ask, and tokens that are looked at, of each sequence. */
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Features of a query's and of a value's head. */
  readonly width: number;
  readonly valueWidth: number;
}

/** How attention is computed. */
export interface AttentionSettings {
  readonly implementation: "flash" | "sdpa" | "eager";
  /** Whether a mask beside the causal one is handed to the kernel. */
  readonly masked: boolean;
  /** Whether that mask is one row a sequence: which keys are seen at all. */
  readonly keyMask: boolean;
  readonly dropout: number;
  /** Whether the softmax runs in fp32 whatever the type of the heads. */
  readonly wideSoftmax: boolean;
  /** Whether scores pass a soft cap, which flash kernels have built in. */
  readonly softcap: boolean;
}

/** Attention of q, k and v, heads side by side: [batch × queries × heads × width]. */
export function attention(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  settings: AttentionSettings,
): Value {
  if (settings.implementation === "eager") {
    return eager(m, [q, k, v], sizes, settings);
  }
  return settings.implementation === "sdpa" && settings.masked
    ? masked(m, [q, k, v], sizes, settings)
    : kernel(m, [q, k, v], sizes, { flash: true });
}

/** One kernel: saves q, k, v, what it gave, and the log-sum of each row. */
function kernel(
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
      [q, k, v],
      [q, k, v, out, sums, seed, offset, mask],
      () => {
        const made = (x: Value, name: string): Grad | null =>
          x.source && m.grad(x.source, x.elements, x.dtype, name);
        const given = () => [
          made(q, "gradient of queries"),
          made(k, "gradient of keys"),
          made(v, "gradient of values"),
        ];
        return m.workspaces
          ? m.temporary(
            workspace(sizes, DTYPE_BYTES[q.dtype], flash),
            "attention backward",
            given,
            "kernel workspaces",
          )
          : given();
      },
    );
    out.source = node && { node, slot: 0 };
    return out;
  });
}

/**
 * What the backward kernel takes inside: an fp32 sum of the queries' gradient and
 * a number a row, and keys' and values' gradients for every query head.
 *
 * Source: Dao-AILab/flash-attention csrc/flash_attn/flash_api.cpp, mha_bwd:
 * sequences are rounded up to 128 and heads to 32 features.
 */
function workspace(
  { batch, queries, keys, heads, kvHeads, width }: Heads,
  bytes: number,
  flash: boolean,
): number {
  const rounded = Math.ceil(queries / 128) * 128;
  const features = Math.ceil(width / 32) * 32;
  const rows = 4 * batch * heads * rounded;
  if (!flash) return rows;
  const expanded = heads > kvHeads
    ? 2 * bytes * batch * keys * heads * width
    : 0;
  return rows * features + rows + expanded;
}

/**
 * The memory-efficient kernel with a mask: keys and values are repeated for every
 * query head, and each call makes its own bias of the mask.
 */
function masked(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  { masked: _, ...settings }: AttentionSettings,
): Value {
  return m.call(() => {
    const keys = repeated(m, k, sizes, settings);
    const values = repeated(m, v, sizes, settings);
    const dtype = m.autocast ?? q.dtype;
    const bias = m.create(
      sizes.batch * (settings.keyMask ? 1 : sizes.queries) *
        Math.ceil(sizes.keys / 16) * 16,
      dtype,
      "attention bias",
    );
    return kernel(m, [q, keys, values], sizes, { flash: false, mask: bias });
  });
}

/** Keys or values for every query head; a copy where heads share them. */
function repeated(
  m: Machine,
  x: Value,
  { heads, kvHeads }: Heads,
  _: unknown,
): Value {
  if (heads === kvHeads) return m.view(x);
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, "gradient of shared heads")],
  );
  return m.create(
    x.elements * (heads / kvHeads),
    x.dtype,
    "repeated heads",
    node && { node, slot: 0 },
  );
}

/** Scores, softmax and product, each a tensor of its own. */
function eager(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  settings: AttentionSettings,
): Value {
  const { batch, queries, keys: seen, heads, valueWidth } = sizes;
  return m.call(() => {
    const keys = repeated(m, k, sizes, settings);
    const values = repeated(m, v, sizes, settings);
    const scores = product(
      m,
      q,
      keys,
      batch * heads * queries * seen,
      "scores",
    );
    let current = scaled(m, scores, "scaled scores");
    m.drop(scores);
    if (settings.masked || seen === queries) {
      const mask = m.external(batch * queries * seen, q.dtype, "mask", null);
      const hidden = add(m, current, mask, "masked scores");
      m.drop(current);
      current = hidden;
    }
    const chances = softmax(m, current, settings.wideSoftmax, "softmax");
    m.drop(current);
    const narrow = cast(m, chances, m.autocast ?? q.dtype, "attention weights");
    m.drop(chances);
    const dropped = dropout(m, narrow, settings.dropout, "attention weights");
    m.drop(narrow);
    const out = product(
      m,
      dropped,
      values,
      batch * queries * heads * valueWidth,
      "attention output",
    );
    m.drop(dropped);
    return copied(m, out, "attention output by token");
  });
}

/** A batched matrix product, which saves both of its sides. */
function product(
  m: Machine,
  a: Value,
  b: Value,
  elements: number,
  label: string,
): Value {
  return m.call(() => {
    const left = underAutocast(m, a, label);
    const right = underAutocast(m, b, label);
    const node = m.record(
      [left, right],
      [right.source ? left : null, left.source ? right : null],
      () => [
        left.source &&
        m.grad(left.source, left.elements, left.dtype, `gradient of ${label}`),
        right.source &&
        m.grad(
          right.source,
          right.elements,
          right.dtype,
          `gradient of ${label}`,
        ),
      ],
    );
    return m.create(
      elements,
      left.dtype,
      label,
      node && { node, slot: 0 },
    );
  });
}
