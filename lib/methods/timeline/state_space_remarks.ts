import type { Step } from "../../engines/step.ts";

/** What a state-space model's layers are taken to run in. */
export function stateSpaceChoices({ plan: { facts } }: Step): string[] {
  const { stateSpaces } = facts;
  if (!stateSpaces) return [];
  if (stateSpaces.kind === "convolution") {
    return [
      "Short convolutions run in causal_conv1d's kernel, as transformers calls it where it is installed; without it transformers' code in PyTorch takes hardly more",
    ];
  }
  if (stateSpaces.kind === "delta") {
    return [
      "Gated delta rules run in the kernels of fla and causal_conv1d (chunk_gated_delta_rule, causal_conv1d_fn), as transformers calls them where both are installed: their own Python was traced, on no GPU. Without them transformers' code in PyTorch takes far more",
    ];
  }
  const kernels = {
    inner: "mamba_inner_fn",
    open: "selective_scan_fn and causal_conv1d_fn",
    headed: "mamba_split_conv1d_scan_combined",
  }[stateSpaces.kind];
  return [
    `State spaces run in the kernels of mamba_ssm and causal_conv1d (${kernels}), as transformers calls them where both are installed: their own Python was traced, on no GPU. Without them transformers' code in PyTorch takes far more`,
    ...(stateSpaces.kind === "headed"
      ? [
        "What Triton takes while it tries out kernels in the first steps is not counted",
      ]
      : []),
  ];
}

/** What of a state-space model's scenario cannot be, or is not known. */
export function stateSpaceWarnings(
  { plan: { facts, scenario, passedBy } }: Step,
): string[] {
  const { stateSpaces } = facts;
  if (!stateSpaces) return [];
  const { precision, train, hardware } = scenario;
  return [
    ...(passedBy.length === 0 ? [] : [
      `train.lora.targets: adapters of ${
        passedBy.join(", ")
      } never get a gradient, for the kernels read the weights alone; they are counted as loaded, without gradients and optimizer states`,
    ]),
    ...(stateSpaces.kind === "headed" && stateSpaces.multiprocessors === null
      ? [
        `hardware.gpu ${
          typeof hardware.gpu === "string" ? hardware.gpu : "of this size"
        }: its multiprocessors are not known here, so that the kernels' sums are taken to be of one piece`,
      ]
      : []),
    ...(stateSpaces.kind === "open" && precision.weights === "fp32" &&
        precision.autocast !== null
      ? [
        "precision.autocast over weights in fp32: this model's norms give B and C in fp32, which the scan's kernel refuses beside inputs of 16 bits",
      ]
      : []),
    ...(train.kernels === "eager" ? [] : [
      `train.kernels ${train.kernels} changes norms, MLPs and the loss alone: state spaces run in their own kernels`,
    ]),
  ];
}
