import type { NormKind } from "../../../models/families/code/layer.ts";
import type { Dtype } from "../dtype.ts";
import type { Machine } from "../machine.ts";
import type { Parameter, Value } from "../values.ts";
import {
  add,
  cast,
  mean,
  multiply,
  power,
  savingOutput,
  shifted,
} from "./arithmetic.ts";

/** A norm over the last dimension. */
export interface Norm {
  readonly kind: NormKind;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
}

/** Norms so many rows. */
export function norm(
  m: Machine,
  x: Value,
  rows: number,
  { kind, weight, bias }: Norm,
  label: string,
): Value {
  switch (kind) {
    case "layer":
      return m.call(() => {
        const to = m.autocast ? "fp32" : x.dtype;
        const scale = weight && m.parameter(weight);
        return layerNorm(m, x, rows, [scale, bias], to, label);
      });
    case "layer1p":
      return m.call(() => {
        const scale = weight &&
          shifted(m, m.parameter(weight), "1 + weight");
        const to = m.autocast ?? x.dtype;
        return layerNorm(m, x, rows, [scale, bias], to, label);
      });
    case "bare":
      return m.call(() => {
        const wide = cast(m, x, "fp32", `${label} input in fp32`);
        const normed = layerNorm(m, wide, rows, [null, null], "fp32", label);
        return cast(m, normed, x.dtype, `output of ${label}`);
      });
    case "vector":
      return weight ? multiply(m, m.parameter(weight), x, label) : m.view(x);
    case "gate":
      return m.call(() => {
        if (!weight) return m.view(x);
        const gate = savingOutput(m, m.parameter(weight), "gate");
        return multiply(m, gate, x, label);
      });
    case "fused":
    case "compiled":
      return fusedNorm(m, x, rows, weight, label, kind);
    default:
      return m.call(() => composed(m, x, rows, kind, weight, label));
  }
}

/** A norm written in Python, one kernel an operation. */
function composed(
  m: Machine,
  x: Value,
  rows: number,
  kind: NormKind,
  weight: Parameter | null,
  label: string,
): Value {
  let input = cast(m, x, "fp32", `${label} input in fp32`);
  let centred = input;
  if (kind === "cohere") {
    // Its code subtracts the mean twice: for the variance and for the result.
    const average = mean(m, input, rows, "mean");
    centred = add(m, input, average, `${label} centred input`);
    const again = add(m, input, average, `${label} centred input`);
    m.drop(input, average);
    input = again;
  }
  const square = power(m, centred, "square");
  if (centred !== input) m.drop(centred);
  if (kind === "t5") {
    m.drop(input);
    input = m.view(x);
  }
  const variance = mean(m, square, rows, "variance");
  m.drop(square);
  const sum = shifted(m, variance, "variance");
  const root = kind === "powered"
    ? power(m, sum, "reciprocal root")
    : savingOutput(m, sum, "reciprocal root");
  m.drop(sum);
  const normed = multiply(m, input, root, `${label} normed`);
  m.drop(input, root);
  if (weight === null) return cast(m, normed, x.dtype, `output of ${label}`);
  const own = m.parameter(weight);
  if (kind === "rms" || kind === "t5") {
    const to = kind === "rms"
      ? x.dtype
      : own.dtype === "fp32"
      ? normed.dtype
      : own.dtype;
    const narrow = cast(m, normed, to, `${label} normed`);
    return multiply(m, own, narrow, `output of ${label}`);
  }
  const wide = kind === "olmo2"
    ? own
    : cast(m, own, "fp32", `${label} weight in fp32`);
  const factor = kind === "gemma" ? shifted(m, wide, "1 + weight") : wide;
  const scaledUp = multiply(m, normed, factor, `${label} scaled`);
  if (factor !== wide) m.drop(wide);
  return cast(m, scaledUp, x.dtype, `output of ${label}`);
}

/**
 * torch.layer_norm: saves its input, the mean and the reciprocal deviation of
 * each row in fp32.
 *
 * @param to What it runs in and gives: fp32 under autocast, but where its caller
 *   switches that off.
 */
function layerNorm(
  m: Machine,
  x: Value,
  rows: number,
  [weight, bias]: readonly [Value | null, Parameter | null],
  to: Dtype,
  label: string,
): Value {
  return m.call(() => {
    const input = cast(m, x, to, `${label} input in ${to}`);
    const scale = weight && cast(m, weight, to, "weight");
    const offset = bias && cast(m, m.parameter(bias), to, "bias");
    const average = m.create(rows, "fp32", "mean of each row");
    const deviation = m.create(rows, "fp32", "deviation of each row");
    const node = m.record(
      [input, scale, offset],
      [input, average, deviation, scale],
      () => [
        input.source &&
        m.grad(input.source, input.elements, to, `gradient of ${label}`),
        scale?.source
          ? m.grad(scale.source, scale.elements, to, `${label} weight gradient`)
          : null,
        offset?.source
          ? m.grad(offset.source, offset.elements, to, `${label} bias gradient`)
          : null,
      ],
    );
    return m.create(
      x.elements,
      to,
      `output of ${label}`,
      node && { node, slot: 0 },
    );
  });
}

/**
 * One kernel: saves its input and a number a row. Liger's backward pass writes
 * over the gradient it is given, a compiled one gives a new tensor.
 *
 * Source: linkedin/Liger-Kernel ops/rms_norm.py
 */
function fusedNorm(
  m: Machine,
  x: Value,
  rows: number,
  weight: Parameter | null,
  label: string,
  kind: "fused" | "compiled",
): Value {
  return m.call(() => {
    const root = m.create(rows, "fp32", "reciprocal root of each row");
    const scale = weight && m.parameter(weight);
    const node = m.record([x, scale], [x, root], ([grad]) => [
      grad && x.source
        ? kind === "fused"
          ? m.share(grad)
          : m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`)
        : null,
      scale?.source
        ? m.grad(scale.source, scale.elements, scale.dtype, "weight gradient")
        : null,
    ]);
    return m.create(
      x.elements,
      x.dtype,
      `output of ${label}`,
      node && { node, slot: 0 },
    );
  });
}
