import type { Machine } from "../machine.ts";
import type { Parameter, Value } from "../values.ts";
import {
  add,
  cast,
  less,
  multiply,
  savingInput,
  scaled,
  shifted,
} from "./arithmetic.ts";
import { bounded } from "./bounded.ts";

/** The two numbers of an xIELU that train: one above nought, one below. */
export interface Slopes {
  readonly above: Parameter;
  readonly below: Parameter;
}

/**
 * xIELU in Python, one kernel an operation. Its numbers are tensors of one
 * dimension, whose type widens what they multiply; under autocast they and the
 * exponential are fp32.
 *
 * Source: huggingface/transformers activations.py, XIELUActivation._xielu_python
 */
export function xielu(
  m: Machine,
  x: Value,
  slopes: Slopes,
  label: string,
): Value {
  return m.call(() => {
    const above = softplus(m, slopes.above);
    const below = shifted(m, softplus(m, slopes.below), "slope below nought");
    const isAbove = m.create(x.elements, "uint8", "signs");
    const sloped = multiply(m, above, x, "sloped input");
    const square = multiply(m, sloped, x, "square");
    m.drop(sloped);
    const upper = plusLine(m, square, x);
    const least = bounded(m, x, "minimum");
    const bent = exponential(m, least);
    m.drop(least);
    const fallen = less(m, bent, x, "fall");
    m.drop(bent);
    const lowered = multiply(m, fallen, below, "lowered");
    m.drop(fallen);
    const lower = plusLine(m, lowered, x);
    return chosen(m, isAbove, [upper, lower], label);
  });
}

function softplus(m: Machine, of: Parameter): Value {
  const own = m.parameter(of);
  const wide = m.autocast ? cast(m, own, "fp32", "slope in fp32") : own;
  return savingInput(m, wide, "slope");
}

/** A curve plus the input times a number; the curve itself is gone. */
function plusLine(m: Machine, curve: Value, x: Value): Value {
  const line = scaled(m, x, "line");
  const sum = add(m, curve, line, "branch");
  m.drop(curve, line);
  return sum;
}

/** exp(x) - 1, which saves what it gave. */
function exponential(m: Machine, x: Value): Value {
  const wide = m.autocast ? cast(m, x, "fp32", "minimum in fp32") : m.view(x);
  const { elements, dtype } = wide;
  const out = m.create(elements, dtype, "exponential");
  const node = m.record([wide], [out], () => {
    const slope = m.grad(null, elements, dtype, "slope of an exponential");
    const given = m.grad(wide.source, elements, dtype, "gradient of exp");
    m.free(slope);
    return [given];
  });
  m.drop(wide);
  out.source = node && { node, slot: 0 };
  return out;
}

/** Each element of one branch or the other; a whole gradient goes to both. */
function chosen(
  m: Machine,
  isFirst: Value,
  branches: readonly [Value, Value],
  label: string,
): Value {
  const [{ elements, dtype }] = branches;
  const node = m.record(
    branches,
    [isFirst],
    () =>
      branches.map((branch) =>
        branch.source &&
        m.grad(branch.source, elements, dtype, "gradient of a branch")
      ),
  );
  return m.create(elements, dtype, label, node && { node, slot: 0 });
}
