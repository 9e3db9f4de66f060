import type { Dtype } from "../../dtype.ts";
import type { Machine } from "../../machine.ts";
import type { Grad, Parameter, Value } from "../../values.ts";

/**
 * The tensors that a backward pass written in Python holds in its variables:
 * all that is not dropped on the way goes at its end.
 */
export class Scratch {
  readonly #m: Machine;
  readonly dtype: Dtype;
  readonly #held = new Set<Grad>();

  /** @param dtype Of tensors for which no other is said. */
  constructor(m: Machine, dtype: Dtype) {
    this.#m = m;
    this.dtype = dtype;
  }

  make(elements: number, label: string, dtype: Dtype = this.dtype): Grad {
    const made = this.#m.grad(null, elements, dtype, label);
    this.#held.add(made);
    return made;
  }

  drop(...grads: Grad[]): void {
    for (const grad of grads) {
      if (this.#held.delete(grad)) this.#m.free(grad);
    }
  }

  /** Drops all but what a function gives back. */
  endBut(given: readonly Grad[]): void {
    this.drop(...[...this.#held].filter((each) => !given.includes(each)));
  }

  /** Drops what is left. */
  end(): void {
    this.drop(...this.#held);
  }
}

/**
 * A gradient as an autograd Function in Python computes it, whether its input
 * wants it or not.
 */
export function computed(
  m: Machine,
  to: Value,
  dtype: Dtype,
  label: string,
): Grad {
  return m.grad(to.source, to.elements, dtype, label);
}

/** What autograd makes of it: cast to its input's type, or dropped. */
export function handed(
  m: Machine,
  to: Value | null,
  grad: Grad | null,
): Grad | null {
  if (!grad) return null;
  if (!to?.source) {
    m.free(grad);
    return null;
  }
  if (grad.dtype === to.dtype) return grad;
  const label = "gradient in its type";
  const given = m.grad(to.source, to.elements, to.dtype, label);
  m.free(grad);
  return given;
}

/** A parameter in a type: autocast's copy that a Function makes for itself. */
export function castForKernel(
  m: Machine,
  parameter: Parameter,
  dtype: Dtype,
): Value {
  return !m.autocast || parameter.dtype === dtype
    ? m.parameter(parameter)
    : m.create(
      parameter.elements,
      dtype,
      `${parameter.name} in ${dtype}`,
      null,
      "weight casts",
    );
}

/**
 * The same tensor seen in another order of dimensions, whose gradient is laid
 * out anew on its way back where it has to be.
 */
export function turned(m: Machine, x: Value, copies: boolean): Value {
  const node = m.record([x], [], ([grad]) => [
    copies
      ? m.grad(x.source, x.elements, x.dtype, "gradient by token")
      : grad
      ? m.share(grad)
      : null,
  ]);
  return m.view(x, { source: node && { node, slot: 0 } });
}
