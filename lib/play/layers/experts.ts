import type { Machine } from "../torch/machine.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { Packed } from "../torch/ops/linear.ts";
import type { Value } from "../torch/values.ts";
import { withUpdate } from "../torch/ops/adapted_parameter.ts";
import { cast, copied, multiply } from "../torch/ops/arithmetic.ts";
import { gathered } from "../torch/ops/gather.ts";
import { dispatched } from "./dispatched_experts.ts";
import { fusedMlp, ownMlp } from "./expert_network.ts";
import { onRepeatedRows } from "./repeated_rows.ts";
import type { ExpertsPlan, Fused, Matrix } from "./expert_types.ts";

/** What the experts give for rows that are weighted like this, summed. */
export function experts(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  plan: ExpertsPlan,
): Value {
  if (plan.linears) {
    const { linears } = plan;
    if (plan.repeatsRows) {
      return onRepeatedRows(m, x, weights, rows, linears, plan);
    }
    return oneByOne(
      m,
      x,
      weights,
      rows,
      plan,
      (own, count, at) => ownMlp(m, own, count, linears[at], plan),
    );
  }
  // PEFT nests what it puts around them: the last parameter's stands outside.
  return readBy(
    m,
    plan.down,
    plan,
    (down) =>
      readBy(
        m,
        plan.gateUp,
        plan,
        (gateUp) =>
          plan.everywhere
            ? everywhere(m, x, weights, rows, plan, gateUp, down)
            : plan.dispatched
            ? dispatched(m, x, weights, rows, plan, gateUp, down)
            : plan.code === "grouped"
            ? grouped(m, x, weights, rows, plan, gateUp, down)
            : oneByOne(
              m,
              x,
              weights,
              rows,
              plan,
              (own, count) => fusedMlp(m, own, count, plan, gateUp, down),
            ),
      ),
  );
}

function readBy(
  m: Machine,
  { weight, adapter }: Fused,
  { everywhere }: ExpertsPlan,
  body: (own: Matrix) => Value,
): Value {
  if (!("trains" in weight) && weight.restored) {
    return withRestored(m, weight, weight.restored, adapter, body);
  }
  // Autocast keeps its copies of whole parameters that a product reads.
  const isWhole = everywhere && adapter === null;
  return "trains" in weight && !isWhole
    ? withUpdate(m, weight, adapter, body)
    : body(weight);
}

/**
 * Runs a module that finds a packed parameter expanded: once, as long as it runs,
 * for pytorch's parametrizations are cached meanwhile.
 *
 * Source: bitsandbytes nn/parametrize.py, _register_parametrization_hooks
 */
function withRestored(
  m: Machine,
  { elements, held }: Packed,
  dtype: Dtype,
  adapter: Fused["adapter"],
  body: (own: Matrix) => Value,
): Value {
  return m.call(() => {
    if (held) m.parameter(held);
    const restored = () =>
      m.create(
        elements,
        dtype,
        "experts dequantised",
        null,
        "dequantised weights",
      );
    if (adapter) {
      const whole = { elements, dtype, shape: [elements], trains: false };
      return adapter.join(
        m,
        { name: "experts", ...whole },
        adapter,
        body,
        restored,
      );
    }
    let one: Value | null = null;
    return body(() => m.view(one ??= restored()));
  });
}

/**
 * All experts at once: rows are copied into the experts' order, multiplied in
 * grouped products, weighted, and put back.
 *
 * Source: huggingface/transformers integrations/moe.py, grouped_mm_experts_forward
 */
function grouped(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  plan: ExpertsPlan,
  gateUp: Matrix,
  down: Matrix,
): Value {
  return m.call(() => {
    const many = rows * plan.perToken;
    const ordered = gathered(m, x, many * plan.hidden, many, "rows by expert");
    const own = gathered(m, weights, many, many, "ordered weights");
    const result = fusedMlp(m, ordered, many, plan, gateUp, down);
    const weighted = multiply(m, result, own, "weighted expert outputs");
    const back = gathered(
      m,
      weighted,
      many * plan.hidden,
      many,
      "rows in order",
    );
    m.drop(weighted);
    const sum = summed(m, back, rows * plan.hidden);
    return cast(m, sum, x.dtype, "output of experts");
  });
}

/**
 * Rows repeated for every expert and weighted before it; what each gives is not
 * summed yet.
 *
 * Source: huggingface/transformers models/llama4/modeling_llama4.py,
 * Llama4TextMoe.forward
 */
function everywhere(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  plan: ExpertsPlan,
  gateUp: Matrix,
  down: Matrix,
): Value {
  return m.call(() => {
    const many = rows * plan.experts;
    const { source, elements, dtype } = x;
    const node = m.record([x], [], () => [
      m.grad(source, elements, dtype, "gradient of repeated rows"),
    ]);
    const repeated = m.create(
      many * plan.hidden,
      dtype,
      "repeated rows",
      node && { node, slot: 0 },
    );
    const turned = copied(m, weights, "weights by expert");
    const given = multiply(m, repeated, turned, "weighted rows");
    m.drop(repeated);
    return fusedMlp(m, given, many, plan, gateUp, down);
  });
}

/** The sum of each row's experts. */
export function summed(m: Machine, x: Value, elements: number): Value {
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, "gradient of the sum"),
  ]);
  return m.create(
    elements,
    x.dtype,
    "sum of experts",
    node && { node, slot: 0 },
  );
}

/**
 * One expert after the other, each on its share of the rows; its result is added
 * in place.
 *
 * Source: huggingface/transformers models/mixtral/modeling_mixtral.py,
 * MixtralExperts.forward of 5 and MixtralSparseMoeBlock.forward of 4
 *
 * @param mlp One expert's network on so many rows.
 */
function oneByOne(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  { experts, perToken, hidden }: ExpertsPlan,
  mlp: (own: Value, rows: number, expert: number) => Value,
): Value {
  return m.call(() => {
    m.create(rows * perToken * experts, "int64", "expert mask");
    let sum = m.create(rows * hidden, x.dtype, "output of experts");
    const each = Math.ceil(rows * perToken / experts);
    for (let expert = 0; expert < experts; expert++) {
      const next = m.call(() => {
        const mine = gathered(m, x, each * hidden, each, "rows of an expert");
        const out = mlp(mine, each, expert);
        const share = gathered(m, weights, each, each, "weights of its rows");
        const weighted = multiply(m, out, share, "weighted expert output");
        m.drop(out);
        const narrow = cast(m, weighted, x.dtype, "weighted expert output");
        return addedInPlace(m, sum, narrow, each);
      });
      m.drop(sum);
      sum = next;
    }
    return sum;
  });
}

/** index_add_: the sum's gradient goes on, the rows' is gathered. */
function addedInPlace(
  m: Machine,
  sum: Value,
  rows: Value,
  count: number,
): Value {
  const index = m.create(count, "int64", "rows' places");
  const node = m.record([sum, rows], [index], ([grad]) => [
    grad && sum.source ? m.share(grad) : null,
    rows.source &&
    m.grad(rows.source, rows.elements, rows.dtype, "gradient of expert rows"),
  ]);
  return m.view(sum, { source: node && { node, slot: 0 } });
}
