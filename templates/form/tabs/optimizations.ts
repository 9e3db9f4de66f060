import type { Tab } from "./tab.ts";

/** What saves memory, and precision. */
export const optimizations: Tab = {
  id: "optimizations",
  title: "Optimizations",
  groups: [
    {
      title: "Activations",
      controls: [
        { path: "train.attention", label: "Attention" },
        { path: "train.checkpointing", label: "Activation checkpointing" },
        { path: "train.loss", label: "Loss", hint: "fused: Liger, CCE" },
        { path: "train.kernels", label: "Kernels" },
        {
          path: "train.checkpoint_offload",
          label: "Keep checkpoints in host memory",
        },
        {
          path: "train.padding_mask",
          label: "Pass a padding mask to attention",
        },
      ],
    },
    {
      title: "Weights",
      controls: [
        {
          path: "quantization.weights",
          label: "Quantisation",
          list: "formats",
          hint: "none, nf4, int8, gguf:Q4_K_M …",
        },
        { path: "quantization.group_size", label: "Group size" },
        {
          path: "quantization.kbit_upcast",
          label: "Upcast the rest to fp32 (PEFT k-bit)",
        },
      ],
    },
    {
      title: "Optimizer and precision",
      controls: [
        { path: "optimizer.name", label: "Optimizer" },
        { path: "optimizer.bits", label: "State bits" },
        { path: "optimizer.implementation", label: "Implementation" },
        { path: "precision.autocast", label: "Autocast", blank: "off" },
        {
          path: "precision.gradients",
          label: "Gradients",
          blank: "as weights",
        },
        {
          path: "precision.master_weights",
          label: "Master weights",
          blank: "auto",
        },
        {
          path: "precision.optimizer_states",
          label: "Optimizer states",
          blank: "auto",
        },
        { path: "optimizer.paged", label: "Paged states" },
        { path: "optimizer.in_backward", label: "Step inside the backward" },
      ],
    },
  ],
};
