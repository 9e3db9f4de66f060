import type { Kernels } from "../kernels.ts";
import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import { add, join, multiply, scaled, slice, split } from "./arithmetic.ts";

/** Cosines and sines of the positions; they need no gradient. */
export interface RotaryTable {
  readonly cos: Value;
  readonly sin: Value;
}

/**
 * Turns a whole head by its position: x cos + rotate_half(x) sin.
 *
 * Source: huggingface/transformers models/llama/modeling_llama.py,
 * apply_rotary_pos_emb and rotate_half
 */
export function rotated(
  m: Machine,
  x: Value,
  { cos, sin }: RotaryTable,
  label: string,
  kernels: Kernels = "eager",
): Value {
  if (kernels !== "eager") return fusedRotation(m, x, label, kernels);
  return m.call(() => {
    const kept = multiply(m, x, cos, "rotary cosine product");
    const half = rotatedHalf(m, x);
    const turned = multiply(m, half, sin, "rotary sine product");
    m.drop(half);
    return add(m, kept, turned, label);
  });
}

/**
 * The same in one kernel: Liger's writes over its input, forward and backward; a
 * compiled one gives a new tensor. Neither saves anything of the heads.
 *
 * Source: linkedin/Liger-Kernel ops/rope.py
 */
export function fusedRotation(
  m: Machine,
  x: Value,
  label: string,
  kernels: Kernels,
): Value {
  if (kernels === "compile") return scaled(m, x, label);
  const node = m.record([x], [], ([grad]) => [grad ? m.share(grad) : null]);
  return m.view(x, { source: node && { node, slot: 0 } });
}

function rotatedHalf(m: Machine, x: Value): Value {
  return m.call(() => {
    const first = slice(m, x, x.elements / 2);
    const second = slice(m, x, x.elements / 2);
    const negative = scaled(m, second, "negated half");
    return join(m, [negative, first], "rotated half");
  });
}

/**
 * Turns the halves of each head against each other, by tables of half its width.
 *
 * Source: huggingface/transformers models/gpt_oss/modeling_gpt_oss.py,
 * _apply_rotary_emb
 */
export function turnedByHalves(
  m: Machine,
  x: Value,
  { cos, sin }: RotaryTable,
  label: string,
): Value {
  return m.call(() => {
    const half = x.elements / 2;
    const [first, second] = split(m, x, [half, half]) as [Value, Value];
    const halves = [[first, second], [second, first]].map((pair) =>
      m.call(() => {
        const [own, other] = pair as [Value, Value];
        const kept = multiply(m, own, cos, "rotary cosine product");
        const turned = multiply(m, other, sin, "rotary sine product");
        return add(m, kept, turned, "turned half");
      })
    );
    const whole = join(m, halves, label);
    m.drop(...halves);
    return whole;
  });
}

/** Turns as many parts of each head as an image has axes, each by its own places. */
export function rotatedByAxes(
  m: Machine,
  x: Value,
  { cos, sin }: RotaryTable,
  axes: number,
  label: string,
): Value {
  return m.call(() => {
    const part = (value: Value) => ({
      ...value,
      elements: value.elements / axes,
    });
    const table = { cos: part(cos), sin: part(sin) };
    const sizes = new Array<number>(axes).fill(x.elements / axes);
    const parts = split(m, x, sizes);
    const turned = parts.map((each) => rotated(m, each, table, label));
    return join(m, turned, `turned ${label}`);
  });
}

/** Turns the first features of each head and leaves the others: phi, GPT-NeoX. */
export function partlyRotated(
  m: Machine,
  x: Value,
  table: RotaryTable,
  share: number,
  label: string,
): Value {
  return m.call(() => {
    const turning = slice(m, x, Math.round(x.elements * share));
    const staying = slice(m, x, x.elements - turning.elements);
    const turned = rotated(m, turning, table, "rotated features");
    return join(m, [turned, staying], label);
  });
}
