import type { Flag } from "./flag.ts";
import {
  adapters,
  choice,
  DTYPES,
  MODES,
  optimizerSettings,
  PRECISIONS,
} from "./flag_readers.ts";

/**
 * Flags of the calculators that Headroom replaces: each says in their words what
 * fields say otherwise.
 */
export const CALCULATOR_FLAGS: readonly Flag[] = [
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
    name: "--dp",
    value: "<n>",
    path: "parallel.gpus",
    help: "data-parallel replicas (1)",
    settings: () => [],
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
    settings: optimizerSettings,
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
    name: "--vision-image-size",
    value: "<n>",
    path: "train.image_size",
    help: "pixels of an image's side (448)",
    settings: (text) => [["train.image_size", `${text},${text}`]],
  },
];

/** Other names of flags, as other calculators have them. */
export const SYNONYMS: readonly Flag[] = [
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
];
