import type { Machine } from "../../machine.ts";
import type { Parameter, Value } from "../../values.ts";
import { cast, copied, savingInput, slice } from "../arithmetic.ts";

/** A causal convolution over a few tokens. */
export interface TokenConvolution {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly batch: number;
  /** Whether SiLU follows it. */
  readonly isActive: boolean;
}

/**
 * A causal convolution by PyTorch's own operations: rows are laid out by channel,
 * and what is given has a few tokens more than there are.
 *
 * Source: huggingface/transformers models/qwen3_5/modeling_qwen3_5.py and
 * models/lfm2/modeling_lfm2.py, causal_conv1d_fn; pytorch
 * aten/src/ATen/native/cuda/DepthwiseConv2d.cu, which reads contiguous inputs
 *
 * @param x [rows × channels]
 */
export function plainConvolution(
  m: Machine,
  x: Value,
  { weight, bias, batch, isActive }: TokenConvolution,
): Value {
  return m.call(() => {
    const [channels = 1, , kernel = 1] = weight.shape;
    const to = m.autocast ?? weight.dtype;
    const typed = cast(m, x, weight.dtype, "convolution input");
    const narrow = cast(m, typed, to, "convolution input in autocast's type");
    m.drop(typed);
    const laid = copied(m, narrow, "convolution input by channel");
    m.drop(narrow);
    const [own, offset] = [weight, bias].map((parameter) =>
      parameter && cast(m, m.parameter(parameter), to, "convolution weight")
    ) as [Value, Value | null];
    const longer = x.elements + batch * channels * (kernel - 1);
    const sides = [laid, own, offset];
    const node = m.record(
      sides,
      [laid, own],
      () =>
        sides.map((side) =>
          side?.source
            ? m.grad(
              side.source,
              side.elements,
              to,
              "gradient of a convolution",
            )
            : null
        ),
    );
    const whole = m.create(
      longer,
      to,
      "convolution output with its padding",
      node && { node, slot: 0 },
    );
    m.drop(laid, own);
    const kept = slice(m, whole, x.elements);
    m.drop(whole);
    const active = isActive
      ? savingInput(m, kept, "activated convolution output")
      : m.view(kept);
    m.drop(kept);
    return cast(m, active, x.dtype, "convolution output");
  });
}
