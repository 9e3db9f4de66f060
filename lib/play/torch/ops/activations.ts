import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import {
  add,
  cast,
  erf,
  multiply,
  power,
  savingInput,
  savingOutput,
  scaled,
  shifted,
} from "./arithmetic.ts";

/** Activation functions by the memory that they take. */
export type ActivationKind =
  /** SiLU, GELU in one kernel: saves its input. */
  | "kernel"
  /** ReLU: saves what it gave. */
  | "relu"
  /** The tanh formula of GELU in Python: gpt2, phi, gptj. */
  | "gelu_new"
  /** The erf formula of GELU in Python: ESM. */
  | "gelu_erf"
  /** x sigmoid(1.702 x) in Python: CLIP. */
  | "quick_gelu"
  /** relu(x)², whose power runs in fp32 under autocast: Nemotron. */
  | "relu_squared";

/** The kind of an activation function by its name in a config.json. */
export function activationKind(name: string): ActivationKind {
  switch (name) {
    case "gelu_new":
    case "gelu_fast":
      return "gelu_new";
    case "gelu_erf":
      return "gelu_erf";
    case "quick_gelu":
      return "quick_gelu";
    case "relu":
      return "relu";
    case "relu2":
    case "relu_squared":
      return "relu_squared";
    default:
      return "kernel";
  }
}

/** Applies an activation function to each element. */
export function activation(
  m: Machine,
  x: Value,
  kind: ActivationKind,
  label: string,
): Value {
  switch (kind) {
    case "kernel":
      return savingInput(m, x, label);
    case "relu":
      return savingOutput(m, x, label);
    case "relu_squared":
      return m.call(() => {
        const positive = savingOutput(m, x, "relu");
        const wide = m.autocast
          ? cast(m, positive, "fp32", "relu in fp32")
          : m.view(positive);
        return power(m, wide, label);
      });
    case "quick_gelu":
      return m.call(() => {
        const inner = scaled(m, x, "scaled input");
        const gate = savingOutput(m, inner, "sigmoid");
        m.drop(inner);
        return multiply(m, x, gate, label);
      });
    case "gelu_erf":
      return geluErf(m, x, label);
    case "gelu_new":
      return geluNew(m, x, label);
  }
}

/**
 * 0.5 x (1 + erf(x / √2)), one kernel an operation.
 *
 * Source: huggingface/transformers models/esm/modeling_esm.py, gelu
 */
function geluErf(m: Machine, x: Value, label: string): Value {
  return m.call(() => {
    const half = scaled(m, x, "half of the input");
    const inner = scaled(m, x, "scaled input");
    const bent = erf(m, inner, "erf");
    m.drop(inner);
    const factor = shifted(m, bent, "1 + erf");
    m.drop(bent);
    return multiply(m, half, factor, label);
  });
}

/**
 * 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), one kernel an operation; under
 * autocast the power runs in fp32.
 *
 * Source: huggingface/transformers activations.py, NewGELUActivation
 */
function geluNew(m: Machine, x: Value, label: string): Value {
  return m.call(() => {
    const half = scaled(m, x, "half of the input");
    const wide = m.autocast ? cast(m, x, "fp32", "input in fp32") : m.view(x);
    const cube = savingInput(m, wide, "cube");
    m.drop(wide);
    const small = scaled(m, cube, "scaled cube");
    m.drop(cube);
    const sum = add(m, x, small, "sum");
    m.drop(small);
    const inner = scaled(m, sum, "scaled sum");
    m.drop(sum);
    const bent = savingOutput(m, inner, "tanh");
    m.drop(inner);
    const factor = shifted(m, bent, "1 + tanh");
    m.drop(bent);
    return multiply(m, half, factor, label);
  });
}
