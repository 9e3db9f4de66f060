import type { Machine } from "../torch/machine.ts";
import type { Parameter, Value } from "../torch/values.ts";
import {
  add,
  cast,
  join,
  less,
  mean,
  multiply,
  savingOutput,
  scaled,
  shifted,
  split,
} from "../torch/ops/arithmetic.ts";
import { norm } from "../torch/ops/norms.ts";
import type { Heads } from "../torch/ops/attention/types.ts";

/** The vectors whose products weigh one attention against the other. */
export interface Differential {
  readonly first: readonly [Parameter, Parameter];
  readonly second: readonly [Parameter, Parameter];
}

/**
 * Two attentions of the same queries and keys, each over half of the values' heads;
 * half of the heads less the other half, weighed, are normed by one kernel.
 *
 * Source: huggingface/transformers models/diffllama/modeling_diffllama.py of 5.24,
 * DiffLlamaAttention
 *
 * @param attend Attention's output, token by token.
 */
export function differential(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  { first, second }: Differential,
  attend: (heads: readonly [Value, Value, Value]) => Value,
): Value {
  const half = v.elements / 2;
  const halves = split(m, v, [half, half]);
  const values = halves.map((each) => doubled(m, each));
  m.drop(...halves);
  const outs = values.map((each) => attend([q, k, each]));
  const both = join(m, outs, "outputs of both attentions");
  m.drop(...outs);
  const [kept, taken] = split(
    m,
    both,
    [half, half].map((each) => each * sizes.heads / sizes.kvHeads * 2),
  ) as [Value, Value];
  m.drop(both);
  const plus = factor(m, first, q);
  const share = shifted(
    m,
    add(m, plus, factor(m, second, q), "share"),
    "share",
  );
  const weighed = multiply(m, share, taken, "weighed attention");
  const rest = less(m, kept, weighed, "difference of attentions");
  m.drop(weighed, kept, taken);
  // torch.nn.RMSNorm's kernel, which autocast gives fp32 (ATen/autocast_mode.h).
  const wide = m.autocast
    ? cast(m, rest, "fp32", "fp32 difference")
    : m.view(rest);
  m.drop(rest);
  const rows = sizes.batch * sizes.queries * sizes.heads / 2;
  const bare = { kind: "compiled", weight: null, bias: null } as const;
  const normed = norm(m, wide, rows, bare, "difference of attentions");
  m.drop(wide);
  return scaled(m, normed, "scaled difference of attentions");
}

/** Values for twice their heads, in a copy; a gradient is the sum of both. */
function doubled(m: Machine, x: Value): Value {
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, "gradient of doubled values"),
  ]);
  const elements = 2 * x.elements;
  return m.create(elements, x.dtype, "values", node && { node, slot: 0 });
}

/** exp(a · b), in the type of the heads. */
function factor(
  m: Machine,
  [a, b]: readonly [Parameter, Parameter],
  { dtype }: Value,
): Value {
  return m.call(() => {
    const product = multiply(m, m.parameter(a), m.parameter(b), "product");
    const sum = mean(m, cast(m, product, "fp32", "product in fp32"), 1, "sum");
    return cast(m, savingOutput(m, sum, "factor"), dtype, "factor");
  });
}
