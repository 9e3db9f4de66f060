import type { Machine } from "../torch/machine.ts";
import type { Parameter, Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { multiply, scaled, split } from "../torch/ops/arithmetic.ts";
import { causalConvolution } from "../torch/ops/scan/causal_convolution.ts";
import { plainConvolution } from "../torch/ops/scan/plain_convolution.ts";
import { turned } from "../torch/ops/scan/kernel_gradients.ts";

/** A convolution over few tokens between two gates. */
export interface ShortConvolutionPlan {
  readonly kind: "convolution";
  readonly rows: number;
  /** Whether padding is taken out of hidden states first. */
  readonly masked: boolean;
  readonly batch: number;
  /** Whether PyTorch's own operations run it. */
  readonly isPlain: boolean;
  readonly inProj: AdaptedLinear;
  readonly conv: Parameter;
  readonly convBias: Parameter | null;
  readonly outProj: AdaptedLinear;
}

/**
 * A short convolution over normed hidden states, with causal_conv1d.
 *
 * Source: huggingface/transformers models/lfm2/modeling_lfm2.py, Lfm2ShortConv
 */
export function shortConvolution(
  m: Machine,
  x: Value,
  plan: ShortConvolutionPlan,
): Value {
  const { rows } = plan;
  return m.call(() => {
    const input = plan.masked
      ? scaled(m, x, "hidden states without padding")
      : m.view(x);
    const projected = adaptedLinear(m, input, rows, plan.inProj, "three gates");
    const third = projected.elements / 3;
    const [before, behind, own] = split(
      m,
      // What lies by channel is copied where sequences are several.
      turned(m, projected, plan.batch > 1),
      [third, third, third],
    ) as [Value, Value, Value];
    const given = multiply(m, before, own, "gated convolution input");
    const convolved = plan.isPlain
      ? plainConvolution(m, given, {
        weight: plan.conv,
        bias: plan.convBias,
        batch: plan.batch,
        isActive: false,
      })
      : causalConvolution(m, given, plan.conv, plan.convBias);
    m.drop(given);
    const gated = multiply(m, behind, convolved, "gated convolution output");
    m.drop(convolved);
    return adaptedLinear(m, gated, rows, plan.outProj);
  });
}
