import type { Kernels } from "../play/torch/kernels.ts";
import type { ModelCode } from "../software/model_code.ts";
import type { Traits } from "./traits.ts";

/** A family's traits as kernels and a project's own modules change them. */
export function playedTraits(
  traits: Traits,
  kernels: Kernels,
  code: Pick<ModelCode, "norm" | "dropout" | "kernelActivations">,
): Traits {
  return {
    ...traits,
    dropout: code.dropout ?? traits.dropout,
    // A compiler fuses a formula into one kernel.
    activation: (kernels === "compile" || code.kernelActivations) &&
        traits.activation !== "relu"
      ? "kernel"
      : traits.activation,
    norm: kernels === "liger"
      ? "fused"
      : kernels === "compile"
      ? "compiled"
      : code.norm ?? traits.norm,
  };
}
