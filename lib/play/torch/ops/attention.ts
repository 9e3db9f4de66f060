import type { Dtype } from "../dtype.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import type { Grad, Machine, Parameter, Value } from "../machine.ts";
import { add, cast, copied, savingOutput, scaled } from "./arithmetic.ts";
import { dropout } from "./dropout.ts";
import { underAutocast } from "./linear.ts";
import { softmaxWithSinks } from "./sinks.ts";
import { softmax } from "./softmax.ts";
import { unpaddedAttention } from "./unpadded_attention.ts";
import { attentionArithmetic } from "./attention_arithmetic.ts";
import { copiedHeads, product, repeated } from "./attention_products.ts";

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
  /** Whether tokens look at those before them only. */
  readonly causal: boolean;
  /** Whether that mask is one row a sequence: which keys are seen at all. */
  readonly keyMask: boolean;
  readonly dropout: number;
  /** Whether the softmax runs in fp32 whatever the type of the heads. */
  readonly wideSoftmax: boolean;
  /** Whether scores pass a soft cap, which flash kernels have built in. */
  readonly softcap: boolean;
  /** A score of each head that nothing is read by; null without any. */
  readonly sinks?: Parameter | null;
  /** Whether weights keep the softmax's type until they are multiplied. */
  readonly leavesWeights?: boolean;
  /** Whether a flash kernel gets the tokens alone, without their padding. */
  readonly unpads?: boolean;
  /** Whether one head of keys and values is left for products to broadcast. */
  readonly broadcastsHeads?: boolean;
  /** Whether scores are products of queries and keys in fp32. */
  readonly wideScores?: boolean;
  /** Whether scores are scaled in place, and held until the softmax is made. */
  readonly scalesInPlace?: boolean;
}

/** What is added to the scores of every sequence, by position. */
export interface PositionBias {
  /** [1 × heads × queries × keys]. */
  readonly value: Value;
  /** Whether it lies position by position, as a look-up gives it. */
  readonly isTurned: boolean;
}

/**
 * Attention of q, k and v, heads side by side: [batch × queries × heads × width].
 *
 * @param bias Added to the scores before the softmax.
 * @param held Takes the weights, where the caller refers to them until it drops
 *   them.
 */
export function attention(
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
  settings: AttentionSettings,
  bias: PositionBias | null = null,
  held: Value[] | null = null,
): Value {
  if (bias && settings.implementation !== "eager") {
    return biased(m, heads, sizes, settings, bias);
  }
  switch (settings.implementation) {
    case "flash":
      return settings.unpads
        ? unpadded(m, heads, sizes)
        : kernel(m, heads, sizes, { flash: true });
    case "eager":
      return eager(m, heads, sizes, settings, bias?.value ?? null, held);
    case "sdpa":
      if (settings.masked) {
        return settings.broadcastsHeads
          ? attentionArithmetic(m, heads, sizes, {
            dropout: settings.dropout,
            masked: true,
            broadcasts: true,
          })
          : masked(m, heads, sizes, settings.keyMask);
      }
      if (settings.broadcastsHeads) {
        return attentionArithmetic(m, heads, sizes, {
          dropout: settings.dropout,
          masked: false,
          broadcasts: true,
        });
      }
      if ((m.autocast ?? heads[0].dtype) !== "fp32") {
        return kernel(m, heads, sizes, { flash: true });
      }
      // No kernel takes fp32 heads that are shared: PyTorch does the arithmetic.
      return sizes.kvHeads < sizes.heads
        ? attentionArithmetic(m, heads, sizes, {
          dropout: settings.dropout,
          masked: false,
          broadcasts: false,
        })
        : kernel(m, heads, sizes, { flash: false });
  }
}

/** Whether attention's output lies token by token, as the next product wants. */
export function liesByToken(
  implementation: AttentionSettings["implementation"],
  masked: boolean,
  dtype: Dtype,
): boolean {
  return implementation === "sdpa" && (masked || dtype === "fp32");
}

/** A flash kernel over the tokens of a padded batch. */
function unpadded(
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
): Value {
  return m.call(() => {
    const narrow = heads.map((each) =>
      underAutocast(m, each, "attention input")
    ) as [Value, Value, Value];
    return unpaddedAttention(
      m,
      narrow,
      sizes.batch * sizes.queries,
      (tokens) => kernel(m, tokens, sizes, { flash: true }),
    );
  });
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

/**
 * What the backward kernel takes inside: an fp32 sum of the queries' gradient and
 * a number a row, and keys' and values' gradients for every query head.
 *
 * Source: Dao-AILab/flash-attention csrc/flash_attn/flash_api.cpp, mha_bwd:
 * sequences are rounded up to 128 and heads to 32 features.
 */
function workspaces(
  { batch, queries, keys, heads, kvHeads, width }: Heads,
  bytes: number,
  flash: boolean,
): number[] {
  const rounded = Math.ceil(queries / 128) * 128;
  const features = Math.ceil(width / 32) * 32;
  const rows = 4 * batch * heads * rounded;
  if (!flash) return [rows];
  const expanded = bytes * batch * keys * heads * width;
  return [
    rows,
    rows * features,
    ...(heads > kvHeads ? [expanded, expanded] : []),
  ];
}

/** Takes memory while a kernel runs. */
function takeWithin(m: Machine, sizes: readonly number[]): void {
  const taken = sizes.map((bytes) =>
    m.tape.allocate(bytes, "attention backward", "kernel workspaces")
  );
  for (const storage of taken) m.tape.release(storage);
}

/**
 * The memory-efficient kernel with a mask: keys and values are repeated for every
 * query head, and each call makes its own bias of the mask.
 */
function masked(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  keyMask: boolean,
): Value {
  return m.call(() => {
    const keys = repeated(m, k, sizes);
    const values = repeated(m, v, sizes);
    const dtype = m.autocast ?? q.dtype;
    const bias = m.create(
      sizes.batch * (keyMask ? 1 : sizes.queries) *
        Math.ceil(sizes.keys / 16) * 16,
      dtype,
      "attention bias",
    );
    return kernel(m, [q, keys, values], sizes, { flash: false, mask: bias });
  });
}

/**
 * The memory-efficient kernel with a bias of positions, into which a mask is
 * written: one that is looked up is copied by each call, and its gradient is
 * one of every sequence, summed after.
 *
 * Source: huggingface/transformers integrations/sdpa_attention.py,
 * create_position_bias_mask; pytorch aten/src/ATen/native/transformers/attention.cpp,
 * pad_bias
 */
function biased(
  m: Machine,
  heads: readonly [Value, Value, Value],
  { batch, ...sizes }: Heads,
  { masked, causal }: AttentionSettings,
  { value, isTurned }: PositionBias,
): Value {
  return m.call(() => {
    const own = masked || causal
      ? hidden(m, value, sizes, { times: masked ? batch : 1, shares: masked })
      : m.view(value);
    const padded = Math.ceil(sizes.keys / 16) * 16 > sizes.keys;
    const ordered = isTurned || padded
      ? copied(m, own, "attention bias")
      : m.view(own);
    m.drop(own);
    const narrow = underAutocast(m, ordered, "attention bias");
    m.drop(ordered);
    const times = batch * value.elements / narrow.elements;
    const mask = times > 1 ? expanded(m, narrow, times) : narrow;
    return kernel(m, heads, { batch, ...sizes }, { flash: false, mask });
  });
}

/**
 * A bias whose hidden places are overwritten, for so many sequences: by a mask
 * that all layers share, or one that is made anew.
 */
function hidden(
  m: Machine,
  bias: Value,
  { queries, keys }: Pick<Heads, "queries" | "keys">,
  { times, shares }: { times: number; shares: boolean },
): Value {
  const elements = bias.elements * times;
  const places = times * queries * keys;
  const seen = shares
    ? m.external(places, "uint8", "mask", null)
    : m.create(places, "uint8", "mask");
  const node = m.record([bias], [seen], () => [
    reducedTo(
      m,
      bias,
      m.grad(null, elements, bias.dtype, "gradient of bias"),
    ),
  ]);
  if (!shares) m.drop(seen);
  return m.create(
    elements,
    bias.dtype,
    "bias with mask",
    node && { node, slot: 0 },
  );
}

/** The same for several sequences, without a copy; gradients are summed. */
function expanded(m: Machine, x: Value, times: number): Value {
  const node = m.record([x], [], ([grad]) => [
    grad ? reducedTo(m, x, m.share(grad)) : null,
  ]);
  return m.view(x, {
    elements: x.elements * times,
    source: node && { node, slot: 0 },
  });
}

/** A gradient summed to the size of what it is for. */
function reducedTo(m: Machine, x: Value, grad: Grad): Grad {
  if (grad.elements === x.elements) return grad;
  const sum = m.grad(x.source, x.elements, x.dtype, "gradient of bias");
  m.free(grad);
  return sum;
}

/**
 * Heads as a batched product reads them: those that lie within a larger tensor are
 * copied, but of a single sequence, whose heads are found by their strides.
 *
 * Source: pytorch aten/src/ATen/native/LinearAlgebra.cpp, _matmul_impl
 */
function laidOut(m: Machine, x: Value, batch: number): Value {
  if (batch === 1 || !m.isPart(x)) return x;
  const own = copied(m, x, "heads by sequence");
  m.drop(x);
  return own;
}

/** Scores, softmax and product, each a tensor of its own. */
function eager(
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
    const [few, values] = [k, v].map((each) =>
      single ? copiedHeads(m, each, heads) : repeated(m, each, sizes)
    ) as [Value, Value];
    const keys = laidOut(m, few, batch);
    const own = laidOut(m, m.view(q), batch);
    const [asking, asked] = [own, keys].map((each) =>
      settings.wideScores
        ? cast(m, each, "fp32", "heads in fp32")
        : m.view(each)
    ) as [Value, Value];
    const scores = product(
      m,
      asking,
      asked,
      batch * heads * queries * seen,
      "scores",
    );
    let current = scores;
    const replace = (next: Value) => {
      m.drop(current);
      current = next;
    };
    if (settings.scalesInPlace) current = m.view(scores);
    else replace(scaled(m, scores, "scaled scores"));
    if (settings.softcap) {
      replace(scaled(m, current, "scores by their cap"));
      replace(savingOutput(m, current, "tanh of the scores"));
      replace(scaled(m, current, "capped scores"));
    }
    if (bias) {
      replace(add(m, current, bias, "scores with positions"));
    }
    if (settings.masked || (settings.causal && seen === queries)) {
      const mask = m.external(batch * queries * seen, q.dtype, "mask", null);
      replace(add(m, current, mask, "masked scores"));
    }
    const { sinks } = settings;
    const chances = sinks
      ? softmaxWithSinks(m, current, seen, sinks)
      : softmax(m, current, settings.wideSoftmax, "softmax");
    const to = sinks
      ? v.dtype
      : settings.leavesWeights
      ? chances.dtype
      : m.autocast ?? q.dtype;
    const narrow = cast(m, chances, to, "attention weights");
    m.drop(chances, current, scores);
    const dropped = dropout(m, narrow, settings.dropout, "attention weights");
    m.drop(narrow);
    held?.push(m.keep(m.view(dropped)));
    const out = product(
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
