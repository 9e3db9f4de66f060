import type { Dtype } from "../dtype.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import type { Float8How } from "../linear_how.ts";
import type { Machine } from "../machine.ts";
import type { StorageId } from "../../memory/tape.ts";
import type { Grad, Parameter, Value } from "../values.ts";
import { add, cast } from "./arithmetic.ts";

/** A linear layer's sizes and bias. */
interface Float8Linear {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly bias: Parameter | null;
}

/** Sides that the kernels' tiles need. */
const MULTIPLE = 16;

/** Whether a layer's sides are such that it is converted. */
export function takesFloat8(layer: Pick<Float8Linear, "in" | "out">): boolean {
  return layer.in % MULTIPLE === 0 && layer.out % MULTIPLE === 0;
}

/**
 * torchao's linear layer: input and weight are cast to 8 bits for the product and
 * again for the two of the backward pass, and saved as they are. The weight's
 * gradient is made whether or not it trains.
 *
 * Source: pytorch/ao 0.18 torchao/float8/float8_linear.py,
 * matmul_with_hp_or_float8_args; float8_ops.py, float8_mm
 */
export function float8Linear(
  m: Machine,
  x: Value,
  rows: number,
  layer: Float8Linear,
  parameter: Parameter,
  how: Float8How,
  label: string,
): Value {
  const { name, in: width, out } = layer;
  const own = m.autocast ? cast(m, x, m.autocast, `${name} input`) : m.view(x);
  const weight = m.parameter(parameter);
  const { dtype } = own;
  const casts = new Casts(m, how);
  const node = m.record(
    [own, weight],
    [own, weight],
    () => {
      const given: (Grad | null)[] = [null, null];
      const gradient = casts.cast(rows * out, dtype, rows);
      const matrix = casts.cast(width * out, parameter.dtype, width);
      const laid = casts.laidOut(width * out);
      given[0] = m.grad(
        own.source,
        rows * width,
        dtype,
        `gradient at the input of ${name}`,
      );
      m.tape.release(laid);
      const again = how.wideGradients ? [] : [
        casts.cast(rows * out, dtype, out),
        casts.cast(
          rows * width,
          dtype,
          width,
        ),
      ].flat();
      const copies = how.wideGradients
        ? []
        : [casts.laidOut(rows * out), casts.laidOut(rows * width)];
      given[1] = {
        ...m.grad(weight.source, width * out, dtype, `${name} weight gradient`),
        isView: true,
      };
      for (const each of [...copies, ...gradient, ...matrix, ...again]) {
        m.tape.release(each);
      }
      if (own.source === null && given[0]) {
        m.free(given[0]);
        given[0] = null;
      }
      if (weight.source === null) {
        m.free(given[1]);
        given[1] = null;
      } else if (parameter.dtype !== dtype) {
        const narrow = given[1];
        given[1] = m.grad(
          weight.source,
          width * out,
          parameter.dtype,
          `${name} weight gradient`,
        );
        m.free(narrow);
      }
      return given;
    },
  );
  const standing = [
    ...casts.cast(rows * width, dtype, rows),
    ...casts.cast(width * out, parameter.dtype, out),
  ];
  const result = m.create(
    rows * out,
    dtype,
    label,
    node && { node, slot: 0 },
  );
  for (const each of standing.toReversed()) m.tape.release(each);
  m.drop(own, weight);
  if (!layer.bias) return result;
  const offset = cast(m, m.parameter(layer.bias), dtype, `${name} bias`);
  const sum = add(m, result, offset, label);
  m.drop(result, offset);
  return sum;
}

/** Casts to 8 bits. */
class Casts {
  readonly #m: Machine;
  readonly #how: Float8How;

  constructor(m: Machine, how: Float8How) {
    this.#m = m;
    this.#how = how;
  }

  /**
   * A tensor in 8 bits, and its scale: it is scaled and clamped in fp32.
   *
   * Source: torchao/float8/float8_utils.py, tensor_to_amax, to_fp8_saturated;
   * float8_training_tensor.py, _ToFloat8ConstrFunc
   */
  cast(elements: number, from: Dtype, scales: number): StorageId[] {
    const { tape } = this.#m;
    if (!this.#how.fused) {
      tape.release(this.#take(elements * DTYPE_BYTES[from], "magnitudes"));
    }
    const scale = this.#take(4 * (this.#how.byRows ? scales : 1), "scale");
    const wide = () => this.#take(4 * elements, "scaled in fp32");
    if (this.#how.fused) return [this.#take(elements, "in 8 bits"), scale];
    const cast = from === "fp32" ? null : wide();
    const scaled = wide();
    if (cast !== null) tape.release(cast);
    const clamped = wide();
    const made = this.#take(elements, "in 8 bits");
    tape.release(clamped);
    tape.release(scaled);
    return [made, scale];
  }

  /** A copy in the order of rows or columns that the kernel asks for. */
  laidOut(elements: number): StorageId {
    return this.#take(elements, "in 8 bits, rows for columns");
  }

  #take(bytes: number, label: string): StorageId {
    return this.#m.tape.allocate(bytes, `factor ${label}`, "kernel workspaces");
  }
}
