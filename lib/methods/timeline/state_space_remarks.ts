import type { StateSpaceKind } from "../../models/families/code/state_space.ts";
import type { Step } from "../../engines/step.ts";
import { weightFormat } from "../../scenario/weight_format.ts";

const WHAT: Readonly<Record<StateSpaceKind, string>> = {
  inner: "State spaces",
  open: "State spaces",
  headed: "State spaces",
  delta: "Gated delta rules",
  "channel delta": "Delta rules with a decay for each channel",
  convolution: "Short convolutions",
};

const PACKAGES: Readonly<Record<StateSpaceKind, string>> = {
  inner: "mamba_ssm and causal_conv1d (mamba_inner_fn)",
  open: "mamba_ssm and causal_conv1d (selective_scan_fn, causal_conv1d_fn)",
  headed: "mamba_ssm and causal_conv1d (mamba_split_conv1d_scan_combined)",
  delta: "fla and causal_conv1d (chunk_gated_delta_rule, causal_conv1d_fn)",
  "channel delta": "fla and causal_conv1d (chunk_kda, causal_conv1d_fn)",
  convolution: "causal_conv1d (causal_conv1d_fn)",
};

const XIELU = {
  kernel:
    "xIELU runs in the kernel of its own package (nickjbrowning/XIELU), which keeps what goes in; the kernel was not traced. Without it transformers' code in PyTorch takes more (software.mixer_kernels torch)",
  torch:
    "xIELU runs in transformers' own code in PyTorch, as where its package is not installed: an operation at a time, each with what it keeps",
} as const;

/** What layers run in that packages have kernels for. */
export function stateSpaceChoices({ plan: { facts } }: Step): string[] {
  const { stateSpaces, xielu } = facts;
  if (!stateSpaces) return xielu ? [XIELU[xielu]] : [];
  const { kind, isPlain } = stateSpaces;
  if (isPlain) {
    return [
      `${
        WHAT[kind]
      } run in transformers' own code in PyTorch, as where no package with kernels is installed: it keeps far more in fp32`,
    ];
  }
  return [
    `${WHAT[kind]} run in the kernels of ${
      PACKAGES[kind]
    }, as transformers calls them where both are installed: their own Python was traced, on no GPU. Without them transformers' code in PyTorch takes more (software.mixer_kernels torch)`,
    ...(kind === "headed"
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
    ...(stateSpaces.kind === "headed" && stateSpaces.packed !== null
      ? [
        `quantization.weights ${
          weightFormat(scenario)
        }: mamba_ssm's kernel multiplies by ${stateSpaces.packed} itself, which it cannot where that is packed, so that training stops where mamba_ssm is installed; transformers' code in PyTorch is played, which runs without it`,
      ]
      : []),
    ...(stateSpaces.kind === "headed" && !stateSpaces.isPlain &&
        stateSpaces.multiprocessors === null
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
