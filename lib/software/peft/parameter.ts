import type { Dtype } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Grad, Parameter, Value } from "../../play/torch/values.ts";
import type {
  ParameterAdapter,
  ParameterJoin,
  Read,
} from "../../play/torch/ops/adapted_parameter.ts";
import { add, cast, scaled } from "../../play/torch/ops/arithmetic.ts";
import { weightOf } from "../../play/torch/ops/linear.ts";

/**
 * Runs a module while one of its parameters is read with its adapter's update.
 *
 * PEFT forms the whole parameter anew: once to check its shape when it puts the
 * update in place, and once when the module reads it, which is what autograd keeps.
 *
 * Source: huggingface/peft 0.21.2 src/peft/tuners/lora/layer.py, ParamWrapper,
 * _LoraFactorsProxy and _LoraParameterProxy; pytorch
 * torch/nn/utils/parametrize.py, register_parametrization and cached
 *
 * @param foldsExperts Whether updates of experts are folded into their weights in
 *   one product, not made as large as these first.
 */
export function parameterJoin(foldsExperts: boolean): ParameterJoin {
  return (m, weight, adapter, body, restored) =>
    m.call(() => {
      const own = restored ?? (() => m.parameter(weight));
      const form = m.within(
        "adapter activations",
        () =>
          adapter.matrices > 1 && foldsExperts
            ? foldedInto(m, weight, own, adapter)
            : addedTo(m, weight, own, adapter),
      );
      const { recording } = m;
      m.recording = false;
      m.drop(form());
      m.recording = recording;
      let whole: Value | null = null;
      const result = body(() => {
        whole ??= m.keep(form());
        return m.view(whole);
      });
      if (whole) m.drop(whole);
      return result;
    });
}

/** W + scaling × B A of all matrices in one product, from factors in W's type. */
function foldedInto(
  m: Machine,
  weight: Parameter,
  read: Read,
  adapter: ParameterAdapter,
): Read {
  const left = factor(m, adapter, adapter.isTransposed ? "a" : "b");
  const right = factor(m, adapter, adapter.isTransposed ? "b" : "a");
  const factors = [left, right].map((own) =>
    cast(m, own, weight.dtype, "experts' factor")
  );
  m.drop(left, right);
  return () => {
    const node = m.record(factors, factors, () =>
      factors.map((own) => {
        if (!own.source) return null;
        const { elements, dtype } = own;
        const product = m.grad(own.source, elements, dtype, FACTOR_GRADIENT);
        if (adapter.isUnscaled) return product;
        const given = m.grad(own.source, elements, dtype, FACTOR_GRADIENT);
        m.free(product);
        return given;
      }));
    return m.within("adapter activations", () =>
      m.call(() => {
        read();
        return m.create(
          weight.elements,
          weight.dtype,
          `${weight.name} with adapter`,
          node && { node, slot: 0 },
        );
      }));
  };
}

const FACTOR_GRADIENT = "gradient of an experts' factor";

/** W + update, which is made first: a product, scaled and cast to W's type. */
function addedTo(
  m: Machine,
  weight: Parameter,
  read: Read,
  adapter: ParameterAdapter,
): Read {
  const update = m.call(() => {
    const a = inProduct(m, adapter, "a");
    const b = inProduct(m, adapter, "b");
    const node = m.record(
      [b, a],
      [a.source ? b : null, b.source ? a : null],
      () =>
        [b, a].map((own) =>
          own.source &&
          m.grad(own.source, own.elements, own.dtype, FACTOR_GRADIENT)
        ),
    );
    const product = m.create(
      weight.elements,
      a.dtype,
      "adapter's weight",
      node && { node, slot: 0 },
    );
    const times = scaled(m, product, "scaled adapter's weight");
    m.drop(product);
    return cast(m, times, weight.dtype, "adapter's weight");
  });
  return () =>
    m.within(
      "adapter activations",
      () => m.call(() => add(m, read(), update, `${weight.name} with adapter`)),
    );
}

/** A factor as autocast hands it to a product: of one matrix it is kept. */
function inProduct(
  m: Machine,
  adapter: ParameterAdapter,
  which: "a" | "b",
): Value {
  if (adapter.matrices === 1) return weightOf(m, adapter[which]);
  const own = factor(m, adapter, which);
  const to: Dtype = m.autocast ?? own.dtype;
  return cast(m, own, to, "experts' factor");
}

/**
 * A factor of each matrix, a view of the parameter. B lies with the matrices last,
 * so that its gradient has to be laid out anew; so has a transposed A's.
 */
function factor(
  m: Machine,
  { a, b, isTransposed }: ParameterAdapter,
  which: "a" | "b",
): Value {
  const own = m.parameter(which === "a" ? a : b);
  if (which === "a" && !isTransposed) return own;
  const node = m.record([own], [], ([grad]) => {
    if (!grad) return [null];
    const { elements, dtype }: Grad = grad;
    return [m.grad(own.source, elements, dtype, FACTOR_GRADIENT)];
  });
  return m.view(own, { source: node && { node, slot: 0 } });
}
