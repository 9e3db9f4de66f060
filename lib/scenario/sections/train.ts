import { z } from "zod";
import { field, section } from "../about.ts";
import { count, flag, someOf, tokens, wordOr } from "../fields.ts";
import { MAX_SEQUENCES, MAX_TOKENS } from "../limits.ts";
import * as when from "../when.ts";
import { evaluationFields } from "./evaluation.ts";
import { imageFields } from "./images.ts";
import { lora } from "./lora.ts";
import { objectiveFields } from "./objective.ts";
import { savedFields } from "./saving.ts";
import { savingFields } from "./savings.ts";
import { trainedPartsFields } from "./trained_parts.ts";

/** The parts of a model that may train without the others. */
const PARTS = [
  "language_model",
  "vision_tower",
  "projector",
  "embeddings",
  "lm_head",
] as const;

/** The sequence length of a scenario that says none. */
export const USUAL_LENGTH = 2048;

/** How a model is trained. */
export const train = section(
  z.strictObject({
    method: field(z.enum(["full", "lora", "qlora"]).default("full"), {
      label: "Fine-tuning method",
      group: "training",
      help: "`full`, `lora` or `qlora` (LoRA over 4-bit weights)",
    }),
    trainable: field(someOf(PARTS).default("all"), {
      label: "What trains",
      group: "software",
      help:
        "for `full`: `all`, or a list of `language_model`, `vision_tower`, `projector`, `embeddings`, `lm_head`",
      hint: "all, or parts: lm_head, …",
    }),
    lora: lora.prefault({}),
    micro_batch: field(count(1, MAX_SEQUENCES).default(1), {
      label: "Micro batch",
      group: "training",
      help: "sequences per GPU and forward",
      hint: "Sequences per GPU and forward",
      flag: {
        name: "--per-device-batch",
        value: "<n>",
        help: "sequences per GPU and forward (1)",
      },
    }),
    sequence_length: field(tokens(1, MAX_TOKENS).default(USUAL_LENGTH), {
      label: "Sequence length",
      group: "training",
      unit: "tokens",
      help:
        "tokens per sequence, the longest that occurs; where train.prompt_tokens and train.completion_tokens are given, their sum",
      hint: "Longest that occurs; 4k is 4096",
      flag: {
        name: "--seq-len",
        value: "<tokens>",
        help: "tokens per sequence (2048)",
      },
    }),
    target_length: field(tokens(1, MAX_TOKENS).nullable().default(null), {
      label: "Target length",
      group: "objective",
      unit: "tokens",
      help:
        "of encoder-decoders: tokens of a target, which the decoder reads; null: as many as the source has",
      hint: "Of encoder-decoders",
      blank: "as the source",
      flag: "--target-length",
    }),
    gradient_accumulation: field(count(1, MAX_SEQUENCES).default(1), {
      label: "Gradient accumulation",
      group: "training",
      hint: "Steps; costs no memory here",
      flag: {
        name: "--grad-accum",
        value: "<n>",
        help: "steps that gradients accumulate over (1)",
      },
    }),
    padding_mask: field(flag().default(false), {
      label: "Pass a padding mask to attention",
      group: "activations",
      help: "whether an attention mask reaches the kernel",
    }),
    attention: field(z.enum(["flash", "sdpa", "eager"]).default("flash"), {
      label: "Attention",
      group: "activations",
      help: "`flash`, `sdpa` or `eager`",
    }),
    checkpointing: field(
      z.enum(["none", "selective", "full"]).default("none"),
      {
        label: "Activation checkpointing",
        group: "activations",
        help: "`none`, `selective` or `full` activation checkpointing",
      },
    ),
    checkpoint_offload: field(flag().default(false), {
      label: "Keep checkpoints in host memory",
      group: "activations",
      help: "checkpoints wait in host memory",
    }),
    loss: field(z.enum(["full", "fused", "chunked"]).default("full"), {
      label: "Loss",
      group: "activations",
      help:
        "`full`, `fused` (linear and cross entropy in one kernel) or `chunked`",
      hint: "fused: Liger, CCE",
    }),
    kernels: field(z.enum(["eager", "liger", "compile"]).default("eager"), {
      label: "Kernels",
      group: "activations",
      help:
        "`eager`, `liger` or `compile`; Megatron: `compile` is its fused cross entropy",
    }),
    ...imageFields,
    selective: field(
      wordOr(["op"], count(1, 10_000)).nullable().default(null),
      {
        label: "What is recomputed",
        group: "recomputing",
        help:
          "torchtitan's selective checkpointing: `op` (every second matmul is recomputed), or every how many layers one is",
        blank: "as model code",
        flag: "--selective",
        needs: [when.selective],
      },
    ),
    ...savingFields,
    ...trainedPartsFields,
    ...objectiveFields,
    ...evaluationFields,
    ...savedFields,
  }),
  [when.toTrain],
);
