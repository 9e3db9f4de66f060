import type { Dtype } from "../dtype.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import type { FakeQuantisedHow } from "../linear_how.ts";
import { output } from "../output.ts";
import type { Machine } from "../machine.ts";
import type { Grad, Parameter, Value } from "../values.ts";
import { cast } from "./arithmetic.ts";
import { fakeQuantised } from "./fake_quantised.ts";
import { float8Linear, takesFloat8 } from "./float8_linear.ts";

/** Weights that are stored in fewer bits and expanded when they are used. */
export interface Packed {
  readonly elements: number;
  /** The type that they are expanded to and multiplied in. */
  readonly compute: Dtype;
  /** Whether the whole matrix is expanded; a fused kernel expands tiles. */
  readonly expands: boolean;
  /** A type that it is expanded to first, and cast from. */
  readonly through?: Dtype | null;
  /** Whether the product keeps its input, though its weight never trains. */
  readonly savesInput?: boolean;
  /** Its own type, where it is expanded whole when a module begins to read it. */
  readonly restored?: Dtype;
  /** What holds it: a parameter of packed bytes; left out where it is a part of one. */
  readonly held?: Parameter;
}

/** A linear layer without adapters. */
export interface Linear {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly weight: Parameter | Packed;
  readonly bias: Parameter | null;
}

/** x Wᵀ + b for so many rows. */
export function linear(
  m: Machine,
  x: Value,
  rows: number,
  layer: Linear,
  label = `output of ${layer.name}`,
): Value {
  return "trains" in layer.weight
    ? plain(m, x, rows, layer, layer.weight, label)
    : packed(m, x, rows, layer, layer.weight, label);
}

function plain(
  m: Machine,
  x: Value,
  rows: number,
  sizes: Linear,
  parameter: Parameter,
  label: string,
): Value {
  const how = m.linears;
  if (how?.kind === "float8" && takesFloat8(sizes)) {
    return float8Linear(m, x, rows, sizes, parameter, how, label);
  }
  if (how?.kind === "fake" && sizes.in % how.group === 0) {
    return rounded(m, x, rows, sizes, parameter, how, label);
  }
  const input = underAutocast(m, x, `${sizes.name} input`);
  const weight = weightOf(m, parameter);
  const offset = sizes.bias && weightOf(m, sizes.bias);
  return multiplied(m, input, rows, sizes, weight, offset, label, {
    savesInput: m.savesInputs,
  });
}

/**
 * The product of an input and a matrix that are rounded as if they were quantised.
 *
 * Source: pytorch/ao torchao/quantization/qat/linear.py, FakeQuantizedLinear
 */
function rounded(
  m: Machine,
  x: Value,
  rows: number,
  sizes: Linear,
  parameter: Parameter,
  { activations, group }: FakeQuantisedHow,
  label: string,
): Value {
  const own = activations
    ? fakeQuantised(m, x, rows, `${sizes.name} input`)
    : m.view(x);
  const whole = m.parameter(parameter);
  const scales = parameter.elements / (group < 0 ? sizes.in : group);
  const matrix = fakeQuantised(m, whole, scales, parameter.name);
  m.drop(whole);
  const input = underAutocast(m, own, `${sizes.name} input`);
  const weight = underAutocast(
    m,
    matrix,
    `${parameter.name} in autocast's type`,
  );
  const offset = sizes.bias && weightOf(m, sizes.bias);
  const result = multiplied(m, input, rows, sizes, weight, offset, label);
  m.drop(own, matrix);
  return result;
}

/** What a matrix product is called, and its widths. */
type Sizes = Pick<Linear, "name" | "in" | "out">;

/** x Wᵀ for a matrix that was computed. */
export function product(
  m: Machine,
  x: Value,
  rows: number,
  sizes: Sizes,
  matrix: Value,
  label: string,
): Value {
  const input = underAutocast(m, x, `${sizes.name} input`);
  const weight = underAutocast(m, matrix, `${sizes.name} in autocast's type`);
  return multiplied(m, input, rows, sizes, weight, null, label);
}

/**
 * x Wᵀ of all experts at once, in their own type: autocast leaves it alone.
 *
 * Source: huggingface/transformers 5.23.0 integrations/moe.py, _grouped_mm
 */
export function groupedProduct(
  m: Machine,
  x: Value,
  rows: number,
  sizes: Sizes,
  matrices: Value,
  label: string,
): Value {
  const input = cast(m, x, matrices.dtype, `${sizes.name} input`);
  const weight = m.view(matrices);
  return multiplied(m, input, rows, sizes, weight, null, label, {
    isView: false,
  });
}

/** Multiplies tensors of one type, and drops them. */
function multiplied(
  m: Machine,
  input: Value,
  rows: number,
  { name, in: width, out }: Sizes,
  weight: Value,
  offset: Value | null,
  label: string,
  { isView = true, savesInput = false }: {
    readonly isView?: boolean;
    readonly savesInput?: boolean;
  } = {},
): Value {
  const { dtype } = input;
  const node = m.record(
    [input, weight, offset],
    [weight.source || savesInput ? input : null, input.source ? weight : null],
    () => {
      const given: (Grad | null)[] = [null, null, null];
      if (offset?.source) {
        given[2] = m.grad(offset.source, out, dtype, `${name} bias gradient`);
      }
      if (weight.source) {
        const { elements } = weight;
        const what = `${name} weight gradient`;
        // The product's gradient is of Wᵀ; W's is a view of it.
        given[1] = { ...m.grad(weight.source, elements, dtype, what), isView };
      }
      if (input.source) {
        given[0] = m.grad(
          input.source,
          rows * width,
          dtype,
          `gradient at the input of ${name}`,
        );
      }
      return given;
    },
  );
  const elements = rows * out;
  const source = node && { node, slot: 0 };
  // Experts' products are another operation, whose outputs no checkpoint keeps.
  const result = isView
    ? output(m, "product", { elements, dtype, label, source })
    : m.create(elements, dtype, label, source);
  m.drop(input, weight);
  if (offset) m.drop(offset);
  return result;
}

/**
 * A matrix that is expanded for its product, forward and backward, and saves
 * nothing of its input, but with bitsandbytes before 0.43.
 *
 * Source: bitsandbytes autograd/_functions.py, MatMul4Bit; nn/modules.py,
 * Linear4bit returns its input's type.
 */
function packed(
  m: Machine,
  x: Value,
  rows: number,
  { name, in: width, out }: Linear,
  {
    elements,
    compute,
    expands,
    through = null,
    savesInput = false,
    held,
  }: Packed,
  label: string,
): Value {
  if (held) m.parameter(held);
  const input = cast(m, x, compute, `${name} input`);
  const first = through !== null && through !== compute
    ? DTYPE_BYTES[through]
    : 0;
  // A single row is multiplied by what is packed: gemv_4bit.
  const isSingle = rows === 1 && m.followsVariables;
  const expanded = expands && !isSingle
    ? elements * (first + DTYPE_BYTES[compute])
    : 0;
  const node = m.record(
    [input],
    [savesInput ? input : null],
    () =>
      m.temporary(expanded, `${name} dequantised`, () => [
        m.grad(
          input.source,
          rows * width,
          compute,
          `gradient at the input of ${name}`,
        ),
      ], "dequantised weights"),
  );
  const source = node && { node, slot: 0 };
  const output = m.temporary(
    expanded,
    `${name} dequantised`,
    () => m.create(rows * out, compute, label, source),
    "dequantised weights",
  );
  const result = output.dtype === x.dtype
    ? output
    : cast(m, output, x.dtype, label);
  // A variable of the layer's code holds the input in its compute type.
  m.drop(input);
  if (result !== output) m.drop(output);
  return result;
}

/** A tensor as autocast hands it to a matrix product. */
export function underAutocast(m: Machine, x: Value, label: string): Value {
  return m.autocast ? cast(m, x, m.autocast, label) : m.view(x);
}

/** Autocast keeps its copies of trained fp32 parameters until it is left. */
export function weightOf(m: Machine, parameter: Parameter): Value {
  const own = m.parameter(parameter);
  const to = m.autocast;
  if (!to || parameter.dtype === to) return own;
  const label = `${parameter.name} in ${to}`;
  const copy = () => m.within("weight casts", () => cast(m, own, to, label));
  return parameter.trains && parameter.dtype === "fp32"
    ? m.cachedCast(parameter, copy)
    : copy();
}
