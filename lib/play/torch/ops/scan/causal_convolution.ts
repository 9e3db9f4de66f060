import type { Machine } from "../../machine.ts";
import type { Parameter, Value } from "../../values.ts";
import { computed, handed } from "./kernel_gradients.ts";

/**
 * A causal convolution with SiLU that reads and gives rows of channels: saves
 * what it read.
 *
 * Source: Dao-AILab/causal-conv1d causal_conv1d/causal_conv1d_interface.py,
 * CausalConv1dFn
 */
export function causalConvolution(
  m: Machine,
  x: Value,
  weight: Parameter,
  bias: Parameter | null,
): Value {
  const [own, offset] = [m.parameter(weight), bias && m.parameter(bias)];
  const node = m.record([x, own, offset], [x], () => {
    const dx = computed(m, x, x.dtype, "gradient of the convolution's input");
    const [dWeight, dBias] = convolutionGradients(m, own, offset);
    return [
      handed(m, x, dx),
      handed(m, own, dWeight),
      handed(m, offset, dBias),
    ];
  });
  return m.create(
    x.elements,
    x.dtype,
    "convolved scan input",
    node && { node, slot: 0 },
  );
}

/**
 * Gradients of a causal convolution's parameters: summed in fp32, then in the
 * parameters' types.
 *
 * Source: Dao-AILab/causal-conv1d causal_conv1d/cpp_functions.py,
 * causal_conv1d_bwd_function
 */
export function convolutionGradients(
  m: Machine,
  weight: Value,
  bias: Value | null,
) {
  const label = "gradient of the convolution";
  const [dWeight, dBias] = [weight, bias].map((own) =>
    own && computed(m, own, "fp32", label)
  );
  return [weight, bias].map((own, at) => {
    const wide = at === 0 ? dWeight : dBias;
    if (!own || !wide || own.dtype === "fp32") return wide ?? null;
    const narrow = computed(m, own, own.dtype, label);
    m.free(wide);
    return narrow;
  }) as [ReturnType<Machine["grad"]>, ReturnType<Machine["grad"]> | null];
}
