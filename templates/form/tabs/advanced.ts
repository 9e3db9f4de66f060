import type { Tab } from "./tab.ts";

/** Images, calibration, cushions, limits and software. */
export const advanced: Tab = {
  id: "advanced",
  title: "Advanced",
  groups: [
    {
      title: "Method",
      quiet: true,
      controls: [{ path: "method", label: "Method" }],
    },
    {
      title: "Multipliers",
      controls: [
        {
          path: "multipliers.gradient_checkpointing",
          label: "Checkpointing keeps",
        },
        {
          path: "multipliers.inference_activations",
          label: "Inference activations",
        },
      ],
    },
    {
      title: "Rule of thumb",
      controls: [{
        path: "rule_of_thumb.count",
        label: "Parameters from",
        hint: "every tensor, or the dimensions alone",
      }],
    },
    {
      title: "Images",
      controls: [
        { path: "train.images_per_sample", label: "Images per sample" },
        {
          path: "train.image_size",
          label: "Image size",
          hint: "Height, width in pixels",
        },
        {
          path: "factors.vision_hidden",
          label: "Vision hidden size",
          blank: "the model's",
        },
        {
          path: "factors.vision_layers",
          label: "Vision layers",
          blank: "the model's",
        },
        {
          path: "factors.vision_patch",
          label: "Vision patch",
          blank: "the model's",
        },
      ],
    },
    {
      title: "Calibration factors",
      controls: [
        { path: "factors.attn_act_factor_fa", label: "Attention, flash" },
        { path: "factors.attn_act_factor_no_fa", label: "Attention, eager" },
        { path: "factors.mlp_act_factor", label: "MLP" },
        { path: "factors.logits_factor", label: "Logits" },
        { path: "factors.fused_loss_factor", label: "Kept by a fused loss" },
        {
          path: "factors.grad_ckpt_reduction",
          label: "Kept by checkpointing",
        },
        { path: "factors.kv_cache", label: "Count a KV cache when training" },
      ],
    },
    {
      title: "Engine formulas",
      controls: [
        {
          path: "engine_formulas.checkpointing_level",
          label: "Checkpointing level",
          blank: "auto",
        },
        {
          path: "engine_formulas.largest_layer_parameters",
          label: "Largest layer",
          blank: "auto",
        },
      ],
    },
    {
      title: "Cushions and overheads",
      controls: [
        {
          path: "factors.cuda_libs_gib",
          label: "CUDA libraries",
          unit: "GiB",
        },
        {
          path: "factors.misc_overhead_gib",
          label: "Framework",
          unit: "GiB",
        },
        {
          path: "factors.fragmentation_gib",
          label: "Fragmentation",
          unit: "GiB",
        },
        {
          path: "factors.deepspeed_overhead_gib",
          label: "DeepSpeed",
          unit: "GiB",
          blank: "by stage",
        },
        {
          path: "factors.transient_gib_per_sequence",
          label: "Transients per sequence",
          unit: "GiB",
        },
        {
          path: "overheads.cuda_context_gib",
          label: "CUDA context, if known",
          unit: "GiB",
          blank: "as CUDA libraries",
        },
        {
          path: "overheads.communication_gib",
          label: "Communication",
          unit: "GiB",
          blank: "auto",
        },
        { path: "overheads.other_gib", label: "Other", unit: "GiB" },
      ],
    },
    {
      title: "Serving limits",
      controls: [
        { path: "serve.memory_utilization", label: "Memory utilization" },
        {
          path: "serve.cache_tokens",
          label: "Cache held for",
          unit: "tokens",
          blank: "auto",
        },
        {
          path: "serve.max_batched_tokens",
          label: "Max batched",
          unit: "tokens",
          blank: "auto",
        },
        {
          path: "serve.max_sequences",
          label: "Max sequences",
          blank: "auto",
        },
      ],
    },
    {
      title: "Software",
      controls: [
        {
          path: "train.trainable",
          label: "What trains",
          hint: "all, or parts: lm_head, …",
        },
        { path: "software.model_code", label: "Model code" },
        { path: "software.torch", label: "torch", blank: "latest" },
        {
          path: "software.transformers",
          label: "transformers",
          blank: "latest",
        },
        { path: "software.peft", label: "peft", blank: "latest" },
        { path: "software.trl", label: "trl", blank: "latest" },
        { path: "software.accelerate", label: "accelerate", blank: "latest" },
        {
          path: "software.bitsandbytes",
          label: "bitsandbytes",
          blank: "latest",
        },
      ],
    },
  ],
};
