import type { Settings } from "./flag_readers.ts";
import {
  adapters,
  choice,
  DTYPES,
  MODES,
  optimizer,
  PRECISIONS,
} from "./flag_readers.ts";
import { METHODS } from "./schema.ts";

/** A flag of the command line. */
export interface Flag {
  /** With its dashes. */
  name: string;
  /** What stands behind it in the help, such as "<n>". */
  value: string;
  help: string;
  /** The field that a message about a bad value names. */
  path: string;
  /** The field that it sets instead when the task is to serve. */
  serving?: string;
  /** The only values that it takes, where the field takes others. */
  allowed?: readonly string[];
  /** What it sets; the path to the text itself where this is left out. */
  settings?: (text: string) => Settings;
}

/** Flags named as the calculators that Headroom replaces name them. */
export const FLAGS: readonly Flag[] = [
  {
    name: "--model",
    value: "<name>",
    path: "model",
    help: "catalogue name, config.json or folder",
  },
  {
    name: "--dtype",
    value: "<type>",
    path: "precision.weights",
    help: `${
      Object.keys(DTYPES).join(", ")
    }; 8 bits and fewer quantise the weights`,
    allowed: Object.keys(DTYPES),
    settings: (text) =>
      DTYPES[text.toLowerCase()] ?? [["precision.weights", text]],
  },
  {
    name: "--seq-len",
    value: "<tokens>",
    path: "train.sequence_length",
    help: "tokens per sequence (2048)",
  },
  {
    name: "--per-device-batch",
    value: "<n>",
    path: "train.micro_batch",
    help: "sequences per GPU and forward (1)",
  },
  {
    name: "--grad-accum",
    value: "<n>",
    path: "train.gradient_accumulation",
    help: "steps that gradients accumulate over (1)",
  },
  {
    name: "--dp",
    value: "<n>",
    path: "parallel.gpus",
    help: "data-parallel replicas (1)",
    settings: () => [],
  },
  {
    name: "--tp",
    value: "<n>",
    path: "parallel.tp",
    help: "tensor-parallel size (1)",
  },
  {
    name: "--pp",
    value: "<n>",
    path: "parallel.pp",
    help: "pipeline stages (1)",
  },
  {
    name: "--zero",
    value: "<stage>",
    path: "engine.zero_stage",
    help: "DeepSpeed ZeRO stage 0-3 (0)",
    settings: (text) => [
      ["engine.zero_stage", text],
      ...(text.trim() === "0"
        ? []
        : [["engine.name", "deepspeed"] as [string, string]]),
    ],
  },
  {
    name: "--dp-offload-optimizer",
    value: "<bool>",
    path: "engine.offload_optimizer",
    help: "optimizer states in host memory",
    settings: (text) => choice(text, "engine.offload_optimizer", "cpu", "none"),
  },
  {
    name: "--optimizer",
    value: "<name>",
    path: "optimizer.name",
    help:
      "adamw (default), sgd, lion, adafactor …; adamw_torch, paged_adamw_8bit … work too",
    settings: optimizer,
  },
  {
    name: "--optimizer-bits",
    value: "<bits>",
    path: "optimizer.bits",
    help: "32, 8 or 4",
  },
  {
    name: "--master-weights",
    value: "<bool>",
    path: "precision.master_weights",
    help: "fp32 copy of what trains (true)",
    settings: (text) =>
      choice(text, "precision.master_weights", "fp32", "none"),
  },
  {
    name: "--lora",
    value: "<bool>",
    path: "train.method",
    help: "LoRA; --lora-target-modules says on which layers",
    settings: (text) => adapters(text, "lora"),
  },
  {
    name: "--qlora",
    value: "<bool>",
    path: "train.method",
    help: "LoRA over 4-bit weights",
    settings: (text) => adapters(text, "qlora"),
  },
  {
    name: "--lora-rank",
    value: "<r>",
    path: "train.lora.rank",
    help: "rank (16)",
  },
  {
    name: "--lora-alpha",
    value: "<a>",
    path: "train.lora.alpha",
    help: "alpha (32); costs no memory",
  },
  {
    name: "--lora-target-modules",
    value: "<names...>",
    path: "train.lora.targets",
    help:
      "module names, a regular expression, all-linear, or PEFT's own (default)",
  },
  {
    name: "--lora-params-override",
    value: "<n>",
    path: "train.lora.trainable_parameters",
    help: "exact trainable parameters",
  },
  {
    name: "--flashattn",
    value: "<bool>",
    path: "train.attention",
    help: "FlashAttention (true)",
    settings: (text) => choice(text, "train.attention", "flash", "eager"),
  },
  {
    name: "--grad-checkpoint",
    value: "<bool>",
    path: "train.checkpointing",
    help: "activation checkpointing (false)",
    settings: (text) => choice(text, "train.checkpointing", "full", "none"),
  },
  {
    name: "--liger",
    value: "<bool>",
    path: "train.kernels",
    help: "Liger kernels; its loss is --fused-loss",
    settings: (text) => choice(text, "train.kernels", "liger", "eager"),
  },
  {
    name: "--fused-loss",
    value: "<bool>",
    path: "train.loss",
    help: "linear and cross entropy in one kernel",
    settings: (text) => choice(text, "train.loss", "fused", "full"),
  },
  {
    name: "--kv-cache",
    value: "<bool>",
    path: "factors.kv_cache",
    help:
      "a KV cache: when training factors counts one (false), serving (true)",
    serving: "serve.kv_cache",
  },
  {
    name: "--use-vision",
    value: "<bool>",
    path: "train.images_per_sample",
    help: "one image a sample",
    settings: (text) => choice(text, "train.images_per_sample", "1", "0"),
  },
  {
    name: "--vision-hidden",
    value: "<n>",
    path: "factors.vision_hidden",
    help: "vision tower's width (the model's, or 1024)",
  },
  {
    name: "--vision-layers",
    value: "<n>",
    path: "factors.vision_layers",
    help: "vision tower's layers (the model's, or 24)",
  },
  {
    name: "--vision-patch",
    value: "<n>",
    path: "factors.vision_patch",
    help: "pixels of a patch's side (the model's, or 14)",
  },
  {
    name: "--vision-image-size",
    value: "<n>",
    path: "train.image_size",
    help: "pixels of an image's side (448)",
    settings: (text) => [["train.image_size", `${text},${text}`]],
  },
  {
    name: "--cuda-libs-gib",
    value: "<gib>",
    path: "factors.cuda_libs_gib",
    help: "CUDA and its libraries (2.5)",
  },
  {
    name: "--misc-overhead-gib",
    value: "<gib>",
    path: "factors.misc_overhead_gib",
    help: "framework (3.0)",
  },
  {
    name: "--fragmentation-gib",
    value: "<gib>",
    path: "factors.fragmentation_gib",
    help: "allocator fragmentation (5.0)",
  },
  {
    name: "--deepspeed-overhead-gib",
    value: "<gib>",
    path: "factors.deepspeed_overhead_gib",
    help: "DeepSpeed (by stage: 0, 1.5, 2, 3)",
  },
  {
    name: "--attn-act-factor-no-fa",
    value: "<f>",
    path: "factors.attn_act_factor_no_fa",
    help: "attention without FlashAttention (4.0)",
  },
  {
    name: "--attn-act-factor-fa",
    value: "<f>",
    path: "factors.attn_act_factor_fa",
    help: "attention with FlashAttention (0.8)",
  },
  {
    name: "--mlp-act-factor",
    value: "<f>",
    path: "factors.mlp_act_factor",
    help: "MLP (6.0)",
  },
  {
    name: "--logits-factor",
    value: "<f>",
    path: "factors.logits_factor",
    help: "logits (1.0)",
  },
  {
    name: "--grad-ckpt-reduction",
    value: "<f>",
    path: "factors.grad_ckpt_reduction",
    help: "share that checkpointing keeps (0.35)",
  },
  {
    name: "--gpus",
    value: "<n>",
    path: "parallel.gpus",
    help: "GPUs in all; --dp counts replicas instead",
  },
  {
    name: "--gpu",
    value: "<name>",
    path: "hardware.gpu",
    help: "GPU of the catalogue (A100-80GB)",
  },
  {
    name: "--gpu-memory",
    value: "<gib>",
    path: "hardware.gpu.memory_gib",
    help: "usable memory instead: 23.5, 80GB",
  },
  { name: "--task", value: "<task>", path: "task", help: "train or serve" },
  {
    name: "--mode",
    value: "<mode>",
    path: "task",
    help: `${Object.keys(MODES).join(" or ")}: the same as --task`,
    allowed: Object.keys(MODES),
    settings: (text) => MODES[text.toLowerCase()] ?? [["task", text]],
  },
  {
    name: "--precision",
    value: "<type>",
    path: "precision.weights",
    help: `${PRECISIONS.join(", ")}: as --dtype`,
    allowed: PRECISIONS,
    settings: (text) =>
      DTYPES[text.toLowerCase()] ?? [["precision.weights", text]],
  },
  {
    name: "--batch-size",
    value: "<n>",
    path: "train.micro_batch",
    help: "sequences per GPU at once, training or serving (1)",
    serving: "serve.batch",
  },
  {
    name: "--seq-length",
    value: "<tokens>",
    path: "train.sequence_length",
    help: "tokens per sequence, training or serving",
    serving: "serve.input_tokens",
  },
  {
    name: "--sequence-length",
    value: "<tokens>",
    path: "train.sequence_length",
    help: "the same as --seq-length",
    serving: "serve.input_tokens",
  },
  {
    name: "--gradient-checkpointing",
    value: "<bool>",
    path: "train.checkpointing",
    help: "the same as --grad-checkpoint",
    settings: (text) => choice(text, "train.checkpointing", "full", "none"),
  },
  {
    name: "--gradient-accumulation-steps",
    value: "<n>",
    path: "train.gradient_accumulation",
    help: "the same as --grad-accum",
  },
  {
    name: "--method",
    value: "<method>",
    path: "method",
    help: METHODS.join(", "),
  },
];
