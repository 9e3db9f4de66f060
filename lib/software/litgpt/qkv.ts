import type { Machine } from "../../play/torch/machine.ts";
import type { Parameter, Value } from "../../play/torch/values.ts";
import type {
  AdaptedLinear,
  Adapter,
} from "../../play/torch/ops/adapted_linear.ts";
import { add, copied, scaled } from "../../play/torch/ops/arithmetic.ts";
import type { Heads } from "../../play/torch/ops/attention/types.ts";
import { dropout } from "../../play/torch/ops/dropout.ts";
import type { Linear, Packed } from "../../play/torch/ops/linear.ts";
import { linear } from "../../play/torch/ops/linear.ts";

/**
 * Queries, keys and values in one product, and LoRA for some of them: both of its
 * matrices are of those alone, and its result is padded with zeros to the whole.
 *
 * Source: Lightning-AI/litgpt lit_gpt/lora.py, LoRAQKVLinear
 */
export function sideBySide(
  m: Machine,
  x: Value,
  rows: number,
  layers: readonly AdaptedLinear[],
  heads: Heads,
): Value {
  const whole = joined(layers);
  const adapters = adaptersOf(layers, heads);
  if (adapters.length === 0) return linear(m, x, rows, whole);
  const [{ adapter: first }] = adapters as [Adapted];
  const out = adapters.reduce((sum, each) => sum + each.out, 0);
  const rank = adapters.reduce((sum, { adapter }) => sum + adapter.rank, 0);
  return m.call(() => {
    const base = linear(m, x, rows, whole);
    const sum = m.within("adapter activations", () => {
      const dropped = dropout(m, x, first.dropout, "qkv adapter input");
      const narrow = linear(m, dropped, rows, {
        name: "qkv A",
        in: whole.in,
        out: rank,
        weight: parameterOf("qkv A", [rank, whole.in], first.a),
        bias: null,
      });
      m.drop(dropped);
      const wide = linear(m, narrow, rows, {
        name: "qkv B",
        in: rank,
        out,
        weight: parameterOf("qkv B", [out, first.rank], first.b),
        bias: null,
      });
      const padded = out === whole.out
        ? m.view(wide)
        : paddedTo(m, wide, rows, whole.out, heads.batch);
      const share = scaled(m, padded, "qkv adapter output");
      m.drop(padded);
      return add(m, base, share, "queries, keys, values");
    });
    return sum;
  });
}

interface Adapted {
  readonly adapter: Adapter;
  readonly out: number;
}

/** LitGPT's scripts adapt queries and values where one matrix holds all three. */
function adaptersOf(
  layers: readonly AdaptedLinear[],
  { heads, kvHeads, width }: Heads,
): Adapted[] {
  const [only] = layers;
  if (layers.length === 1 && only?.adapter) {
    return [heads, kvHeads].map((count) => ({
      adapter: only.adapter as Adapter,
      out: count * width,
    }));
  }
  return layers.flatMap(({ adapter, out }) =>
    adapter === null ? [] : [{ adapter, out }]
  );
}

/** One linear layer of several with the same input. */
function joined(layers: readonly AdaptedLinear[]): Linear {
  const [first] = layers as [AdaptedLinear];
  const out = layers.reduce((sum, each) => sum + each.out, 0);
  const biases = layers.flatMap(({ bias }) => bias ?? []);
  const [bias] = biases;
  return {
    name: "qkv",
    in: first.in,
    out,
    weight: weightOf(first.weight, out, first.in),
    bias: bias ? parameterOf("qkv bias", [out], bias) : null,
  };
}

function weightOf(
  weight: Parameter | Packed,
  out: number,
  width: number,
): Parameter | Packed {
  if ("trains" in weight) return parameterOf("qkv", [out, width], weight);
  const { held: _one, ...packed } = weight;
  return { ...packed, elements: out * width };
}

function parameterOf(
  name: string,
  shape: readonly number[],
  like: Parameter,
): Parameter {
  return {
    ...like,
    name,
    shape,
    elements: shape.reduce((product, size) => product * size, 1),
  };
}

/** Copies columns into a tensor of zeros by their index, which is saved. */
function paddedTo(
  m: Machine,
  x: Value,
  rows: number,
  out: number,
  batch: number,
): Value {
  return m.call(() => {
    const zeros = m.create(rows * out, x.dtype, "zeros");
    const index = m.create(x.elements / rows, "int64", "adapted columns");
    // A batch's rows lie apart and are copied together.
    const source = batch > 1
      ? copied(m, x, "adapter output by row")
      : m.view(x);
    // index_copy saves its source too, for the gradient's shape.
    const node = m.record([source], [index, source], () => [
      m.grad(source.source, x.elements, x.dtype, "gradient of adapted columns"),
    ]);
    const padded = m.create(
      rows * out,
      x.dtype,
      "padded adapter output",
      node && { node, slot: 0 },
    );
    m.drop(zeros);
    return padded;
  });
}
