import type { Kernels } from "../play/torch/kernels.ts";
import type { ModelCode } from "./model_code.ts";
import type { Traits } from "./traits.ts";

/** A family's traits as kernels and a project's own modules change them. */
export function playedTraits(
  traits: Traits,
  kernels: Kernels,
  code: ModelCode,
): Traits {
  return {
    ...traits,
    // A compiler fuses a formula into one kernel; LitGPT calls torch's own.
    activation: (kernels === "compile" || code.heads === "litgpt") &&
        traits.activation !== "relu"
      ? "kernel"
      : traits.activation,
    norm: kernels === "liger"
      ? "fused"
      : kernels === "compile"
      ? "compiled"
      : code.heads === "litgpt"
      ? "olmo2"
      : traits.norm,
  };
}
