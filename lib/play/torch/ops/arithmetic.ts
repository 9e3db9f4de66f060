import type { Dtype } from "../dtype.ts";
import { promoted } from "../dtype.ts";
import type { Machine } from "../machine.ts";
import type { Grad, Source, Value } from "../values.ts";

/*
 * What each operation saves and allocates follows PyTorch's
 * tools/autograd/derivatives.yaml and torch/csrc/autograd/FunctionsManual.cpp.
 */

/** a + b, either of which may be broadcast. */
export function add(m: Machine, a: Value, b: Value, label: string): Value {
  const elements = Math.max(a.elements, b.elements);
  const node = m.record(
    [a, b],
    [],
    ([grad]) => [gradFor(m, grad, a), gradFor(m, grad, b)],
  );
  return m.create(
    elements,
    promoted(a.dtype, b.dtype),
    label,
    node && { node, slot: 0 },
  );
}

/** a - b: b's gradient is the negated one. */
export function less(m: Machine, a: Value, b: Value, label: string): Value {
  const node = m.record([a, b], [], ([grad]) => {
    const negated = b.source && grad
      ? m.grad(null, grad.elements, grad.dtype, "negated gradient")
      : null;
    const given = gradFor(m, negated, b);
    if (negated) m.free(negated);
    return [gradFor(m, grad, a), given];
  });
  return m.create(
    a.elements,
    promoted(a.dtype, b.dtype),
    label,
    node && { node, slot: 0 },
  );
}

/** a += b. */
export function addedTo(m: Machine, a: Value, b: Value): Value {
  const node = m.record(
    [a, b],
    [],
    ([grad]) => [gradFor(m, grad, a), gradFor(m, grad, b)],
  );
  return m.view(a, { source: node && { node, slot: 0 } });
}

/** a × b, either of which may be broadcast: each is saved for the other. */
export function multiply(m: Machine, a: Value, b: Value, label: string): Value {
  const elements = Math.max(a.elements, b.elements);
  const dtype = promoted(a.dtype, b.dtype);
  const recording = m.needsGrad(a, b);
  const node = m.record(
    [a, b],
    [recording && b.source ? a : null, recording && a.source ? b : null],
    () =>
      [a, b].map((input) =>
        input.source && m.grad(
          input.elements === elements ? input.source : null,
          elements,
          dtype,
          `gradient of ${label}`,
        )
      ).map((whole, at) => whole && later(m, whole, at === 0 ? a : b)),
  );
  return m.create(elements, dtype, label, node && { node, slot: 0 });
}

/** An operation on each element that saves nothing: a scalar's product, a sign. */
export function scaled(m: Machine, x: Value, label: string): Value {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`)],
  );
  return m.create(x.elements, x.dtype, label, node && { node, slot: 0 });
}

/** The same in place, by a tensor that is saved: a checkpoint runs again for it. */
export function scaledInPlace(m: Machine, x: Value): Value {
  const by = m.external(1, x.dtype, "scale of a layer", null);
  const node = m.record(
    [x],
    [by],
    () => [m.grad(x.source, x.elements, x.dtype, "gradient of scaled states")],
  );
  return m.view(x, { source: node && { node, slot: 0 } });
}

/** A sum with a number: its gradient is the one that came. */
export function shifted(m: Machine, x: Value, label: string): Value {
  return m.create(x.elements, x.dtype, label, x.source);
}

/** An operation on each element that saves what it read. */
export function savingInput(m: Machine, x: Value, label: string): Value {
  const node = m.record(
    [x],
    [x],
    () => [m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`)],
  );
  return m.create(x.elements, x.dtype, label, node && { node, slot: 0 });
}

/** An operation on each element that saves what it gave: tanh, rsqrt. */
export function savingOutput(m: Machine, x: Value, label: string): Value {
  const out = m.create(x.elements, x.dtype, label);
  const node = m.record(
    [x],
    [out],
    () => [m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`)],
  );
  out.source = node && { node, slot: 0 };
  return out;
}

/** A power of each element. */
export function power(m: Machine, x: Value, label: string): Value {
  const node = m.record([x], [x], () => {
    const { elements, dtype } = x;
    // grad × (n × xⁿ⁻¹) in one expression, whose temporaries live to its end.
    const less = m.grad(null, elements, dtype, "power");
    const times = m.grad(null, elements, dtype, "scaled power");
    const given = m.grad(x.source, elements, dtype, `gradient of ${label}`);
    m.free(less);
    m.free(times);
    return [given];
  });
  return m.create(x.elements, x.dtype, label, node && { node, slot: 0 });
}

/** The error function of each element. */
export function erf(m: Machine, x: Value, label: string): Value {
  const node = m.record([x], [x], () => {
    const { elements, dtype } = x;
    // 2/√π × exp(-x²) × grad in one expression, whose temporaries live to its end.
    const parts = ["square", "negated square", "exponential", "slope"].map((
      part,
    ) => m.grad(null, elements, dtype, part));
    const given = m.grad(x.source, elements, dtype, `gradient of ${label}`);
    for (const part of parts) m.free(part);
    return [given];
  });
  return m.create(x.elements, x.dtype, label, node && { node, slot: 0 });
}

/**
 * So many elements of x that only its sizes decide, as means of rows, padding,
 * repeats and interpolation are: nothing is saved, and the gradient is a whole x.
 */
export function resized(
  m: Machine,
  x: Value,
  elements: number,
  label: string,
): Value {
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  return m.create(elements, x.dtype, label, node && { node, slot: 0 });
}

/** The mean of each row. */
export const mean = resized;

/** x in another type; x itself where it has it already. */
export function cast(
  m: Machine,
  x: Value,
  dtype: Dtype,
  label: string,
): Value {
  if (x.dtype === dtype) return m.view(x);
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  return m.create(x.elements, dtype, label, node && { node, slot: 0 });
}

/** A part of x without a copy; its gradient is a whole x of zeros and it. */
export function slice(m: Machine, x: Value, elements: number): Value {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, "gradient of a slice")],
  );
  return m.view(x, { elements, source: node && { node, slot: 0 } });
}

/** x for so many elements, without a copy; its gradient is their sum. */
export function expanded(m: Machine, x: Value, elements: number): Value {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, "sum of gradients")],
  );
  return m.view(x, { elements, source: node && { node, slot: 0 } });
}

/** Cuts x into pieces without a copy; their gradients are joined again. */
export function split(
  m: Machine,
  x: Value,
  sizes: readonly number[],
): Value[] {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, "gradient of a split")],
    sizes.length,
  );
  return sizes.map((elements, slot) =>
    m.view(x, { elements, source: node && { node, slot } })
  );
}

/** Joins tensors into a new one; their gradients are views of its gradient. */
export function join(
  m: Machine,
  pieces: readonly Value[],
  label: string,
): Value {
  const node = m.record(
    pieces,
    [],
    ([grad]) =>
      pieces.map((piece) =>
        grad && piece.source
          ? { ...m.share(grad), elements: piece.elements }
          : null
      ),
  );
  const elements = pieces.reduce((sum, piece) => sum + piece.elements, 0);
  const [{ dtype } = { dtype: "fp32" as Dtype }] = pieces;
  return m.create(elements, dtype, label, node && { node, slot: 0 });
}

/** A copy in another order of memory. */
export function copied(m: Machine, x: Value, label: string): Value {
  return m.create(x.elements, x.dtype, label, x.source);
}

/** A row of gradients for an input that was broadcast or of another type. */
export function gradFor(
  m: Machine,
  grad: Grad | null | undefined,
  input: Value,
): Grad | null {
  if (!grad || !input.source) return null;
  return later(m, m.share(grad), input);
}

/**
 * A gradient whose size and type are looked at when its operation is done.
 *
 * Source: pytorch torch/csrc/autograd/engine.cpp, validate_outputs
 */
function later(m: Machine, whole: Grad, input: Value): Grad {
  return { ...whole, finish: () => reduced(m, whole, input) };
}

/** Sums a gradient to the size of its input and casts it to its type. */
function reduced(m: Machine, grad: Grad, input: Value): Grad {
  const same = input.elements === grad.elements;
  if (same && input.dtype === grad.dtype) return grad;
  const to: Source | null = input.source;
  const dtype = same ? input.dtype : grad.dtype;
  const made = m.grad(to, input.elements, dtype, "reduced gradient");
  m.free(grad);
  if (made.dtype === input.dtype) return made;
  const given = m.grad(to, input.elements, input.dtype, "gradient in its type");
  m.free(made);
  return given;
}

/** The sum of scalars; each gets the same gradient. */
export function sumOf(m: Machine, losses: readonly Value[]): Value {
  const node = m.record(
    losses,
    [],
    ([grad]) =>
      losses.map(({ source }) => grad && source ? m.share(grad) : null),
  );
  m.drop(...losses);
  return m.create(1, "fp32", "loss", node && { node, slot: 0 });
}
