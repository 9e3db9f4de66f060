import { z } from "zod";
import { field } from "../about.ts";
import { count, flag, names } from "../fields.ts";
import { MAX_RANK } from "../limits.ts";
import { OPTIMIZERS } from "../optimizers.ts";
import { isQuantization, QUANTIZATIONS } from "../quantizations.ts";
import * as when from "../when.ts";
import { section } from "../about.ts";

/** Floating types that tensors have. */
export function floats() {
  return z.enum(["fp32", "bf16", "fp16"]);
}

/** Types of what is not quantised. */
export const precision = z.strictObject({
  weights: field(floats().default("bf16"), {
    label: "Precision",
    group: "training",
    help:
      "how unquantised parameters lie on the device: `fp32`, `bf16`, `fp16`",
  }),
  frozen: field(floats().nullable().default(null), {
    label: "Frozen weights",
    group: "trained",
    help:
      "how parameters of a full fine-tune that do not train lie: `fp32`, `bf16`, `fp16`, or as `precision.weights` (LLaMA-Factory keeps fp32 for those that train alone)",
    blank: "as weights",
    flag: "--frozen-precision",
    needs: [when.toTrain, when.full, when.partly],
  }),
  autocast: field(z.enum(["bf16", "fp16"]).nullable().default(null), {
    label: "Autocast",
    group: "optimizer",
    help: "`bf16` or `fp16` around the forward",
    blank: "off",
    needs: [when.toTrain],
  }),
  gradients: field(z.enum(["fp32"]).nullable().default(null), {
    label: "Gradients",
    group: "optimizer",
    help: "`fp32`, or as the parameter",
    blank: "as weights",
    needs: [when.toTrain],
  }),
  master_weights: field(z.enum(["fp32", "none"]).nullable().default(null), {
    label: "Master weights",
    group: "optimizer",
    help:
      "`fp32`, `none`, or what the engine does; Megatron with the optimizer on the host: `none` keeps them there",
    blank: "auto",
    needs: [when.toTrain],
  }),
  optimizer_states: field(z.enum(["fp32", "bf16"]).nullable().default(null), {
    label: "Optimizer states",
    group: "optimizer",
    help: "`fp32`, `bf16`, or what optimizer and engine do",
    blank: "auto",
    needs: [when.toTrain],
  }),
  fp8: field(
    z.enum(["tensorwise", "rowwise", "rowwise-gw", "delayed", "mxfp8"])
      .nullable().default(null),
    {
      label: "FP8 training",
      group: "low_bits",
      help:
        "products of linear layers in 8 bits: torchao's recipes `tensorwise`, `rowwise` and `rowwise-gw` (`rowwise_with_gw_hp`); Transformer Engine's `delayed`, `tensorwise` and `mxfp8` under Megatron",
      blank: "off",
      flag: "--fp8",
      needs: [when.toTrain],
    },
  ),
  fp8_parameters: field(flag().default(false), {
    label: "Parameters in FP8 alone",
    group: "low_bits",
    help:
      "Megatron keeps and gathers matrices in 8 bits, and none in `precision.weights` beside (`--fp8-param-gather`)",
    flag: "--fp8-parameters",
    needs: [when.toTrain, when.megatron, when.inFp8],
  }),
});

/** How weights are quantised. */
export const quantization = z.strictObject({
  weights: field(quantizationName().nullable().default(null), {
    label: "Quantisation",
    group: "weights",
    list: "formats",
    blank: "none, or as published",
    help:
      "left out: `none` when training, as the checkpoint is published when serving (by llama.cpp `gguf:Q4_K_M` where the model is a tag of ollama's library, such as `llama3.1:8b`); `nf4`, `nf4-dq`, `int8`, `fp8`, `int4`, `gptq-int4`, `gptq-int8`, `awq-int4`, `hqq-int4`, `mxfp4`, `nvfp4`, `fp8-block`, `fp8-channel`, `w8a8-int8`, `gguf:Q4_K_M`, `exl2:4.0`, `exl3:3.5` …",
    hint: "nf4, fp8, awq-int4, gguf:Q4_K_M …",
  }),
  group_size: field(count(-1, 65_536).default(128), {
    label: "Group size",
    group: "weights",
    help: "-1 is one group per output column",
    needs: [{
      any: [
        [{ path: "quantization.weights", like: /^(gptq|awq|hqq)|^int4$/ }],
        [{ path: "quantization.qat", not: [null] }],
      ],
      because: "neither quantization.weights nor quantization.qat has groups",
    }],
  }),
  qat: field(z.enum(["int8-int4", "int4"]).nullable().default(null), {
    label: "Quantisation-aware training",
    group: "low_bits",
    help:
      "linear layers are rounded as if quantised (torchao's fake quantisation): `int8-int4` (activations by token, weights by group) or `int4` (weights alone)",
    blank: "off",
    flag: "--qat",
    needs: [when.toTrain],
  }),
  skip_modules: field(names(64).default([]), {
    label: "Modules left unquantised",
    group: "low_bits",
    help:
      "bitsandbytes' `llm_int8_skip_modules`: paths, or how they begin or end; where any is named, the head is quantised unless it is named too",
    hint: "lm_head, k_proj …",
    blank: "the head",
    flag: "--skip-modules",
    needs: [when.toTrain, when.adapted],
  }),
  experts: field(flag().default(false), {
    label: "Experts quantised too",
    group: "low_bits",
    help:
      "bitsandbytes: experts that transformers 5 keeps as one parameter are packed as well (Axolotl's `quantize_moe_experts`)",
    flag: "--quantize-experts",
    needs: [when.toTrain, when.adapted],
  }),
  kbit_upcast: field(flag().default(true), {
    label: "Upcast the rest to fp32 (PEFT k-bit)",
    group: "weights",
    help: "PEFT's k-bit preparation: the rest of the model goes to fp32",
    needs: [when.toTrain, when.adapted],
  }),
});

/** What updates the weights. */
export const optimizerSection = section(
  z.strictObject({
    name: field(z.enum(OPTIMIZERS).default("adamw"), {
      label: "Optimizer",
      group: "optimizer",
      help: "one of the names that `--help` and the page list",
    }),
    implementation: field(
      z.enum(["auto", "foreach", "fused", "for-loop", "deepspeed"])
        .default("auto"),
      {
        label: "Implementation",
        group: "optimizer",
        help:
          "`auto`, `foreach`, `fused`, `for-loop` or `deepspeed` (its own FusedAdam)",
      },
    ),
    bits: field(
      z.preprocess(
        (value) => typeof value === "string" ? Number(value) : value,
        z.literal([32, 8, 4]),
      ).default(32),
      {
        label: "State bits",
        group: "optimizer",
        help: "32, 8 or 4",
        flag: { name: "--optimizer-bits", value: "<bits>", help: "32, 8 or 4" },
      },
    ),
    rank: field(count(1, MAX_RANK).nullable().default(null), {
      label: "Rank of its projections",
      group: "optimizer",
      help:
        "GaLore's, Q-GaLore's and APOLLO's; null: 128, Q-GaLore's 256, APOLLO-Mini's 1",
      blank: "its own",
      flag: "--optimizer-rank",
      needs: [when.projects],
    }),
    paged: field(flag().default(false), {
      label: "Paged states",
      group: "optimizer",
      help:
        "bitsandbytes: large states in managed memory, which gives way to all else",
    }),
    in_backward: field(flag().default(false), {
      label: "Step inside the backward",
      group: "optimizer",
      help: "steps while gradients arrive",
    }),
  }),
  [when.toTrain],
);

/** A format of weights. */
function quantizationName() {
  return z.string().refine(
    isQuantization,
    `must be one of ${
      QUANTIZATIONS.join(", ")
    }, gguf:TYPE such as gguf:Q4_K_M, or exl2:BITS or exl3:BITS such as exl3:4.0`,
  );
}
