import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";

/** The sizes of a gated delta rule, a linear attention with a state a head. */
export interface Delta {
  hidden: number;
  keys: number;
  values: number;
  valueHeads: number;
  valueDim: number;
  kernel: number;
}

/** Reads the sizes as Qwen's configs name them. */
export function deltaOf(config: ConfigReader): Delta {
  const valueHeads = config.optional("linear_num_value_heads") ?? 32;
  const valueDim = config.optional("linear_value_head_dim") ?? 128;
  return {
    hidden: config.size("hidden_size"),
    keys: (config.optional("linear_num_key_heads") ?? 16) *
      (config.optional("linear_key_head_dim") ?? 128),
    values: valueHeads * valueDim,
    valueHeads,
    valueDim,
    kernel: config.optional("linear_conv_kernel_dim") ?? 4,
  };
}

/** Decays and the convolution over queries, keys and values. */
export function deltaCore(at: TensorScope, delta: Delta): void {
  const { keys, values, valueHeads, kernel } = delta;
  at.parameter("dt_bias", [valueHeads], { role: "ssm", split: 0 });
  at.parameter("A_log", [valueHeads], { role: "ssm", split: 0 });
  at.conv("conv1d", [2 * keys + values, 1, kernel]);
}

/** Linears from the hidden size, all split by their outputs. */
export function deltaInputs(
  at: TensorScope,
  hidden: number,
  outputs: Readonly<Record<string, number>>,
): void {
  for (const [name, width] of Object.entries(outputs)) {
    at.linear(name, hidden, width, { role: "ssm", cut: "column" });
  }
}
