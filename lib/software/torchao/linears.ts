import type { LinearHow } from "../../play/torch/linear_how.ts";
import type { Scenario } from "../../scenario/schema.ts";

/**
 * How torchao has a scenario's linear layers run; null: as torch's own.
 *
 * Source: pytorch/ao torchao/float8/config.py, Float8LinearConfig.from_recipe_name;
 * torchao/quantization/qat
 */
export function linearsOf(
  { precision, train, quantization }: Scenario,
): LinearHow | null {
  const { fp8 } = precision;
  if (fp8 === "tensorwise" || fp8 === "rowwise" || fp8 === "rowwise-gw") {
    return {
      kind: "float8",
      byRows: fp8 !== "tensorwise",
      wideGradients: fp8 === "rowwise-gw",
      fused: train.kernels === "compile",
    };
  }
  return quantization.qat === null ? null : {
    kind: "fake",
    activations: quantization.qat === "int8-int4",
    group: quantization.group_size,
  };
}
