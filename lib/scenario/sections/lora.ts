import { z } from "zod";
import { field, section } from "../about.ts";
import { count, factor, flag, names, patternOr } from "../fields.ts";
import { MAX_RANK } from "../limits.ts";
import * as when from "../when.ts";
import { floats } from "./precision.ts";

const counted = [{
  path: "train.lora.trainable_parameters",
  is: [null],
}] as const;

/** Adapters. */
export const lora = section(
  z.strictObject({
    rank: field(count(1, MAX_RANK).default(16), {
      label: "Rank",
      group: "adapters",
      flag: { name: "--lora-rank", value: "<r>", help: "rank (16)" },
      needs: counted,
    }),
    alpha: field(factor(0, 1e6).default(32), {
      label: "Alpha",
      group: "adapters",
      help: "costs no memory",
      flag: {
        name: "--lora-alpha",
        value: "<a>",
        help: "alpha (32); costs no memory",
      },
    }),
    dropout: field(factor(0, 1).default(0), {
      label: "Dropout",
      group: "adapters",
    }),
    targets: field(
      patternOr(["default", "all-linear"], 256).default("default"),
      {
        label: "Target modules",
        group: "adapters",
        help:
          "PEFT's own default for the model type, `all-linear`, a list of module names, or a [regular expression](#patterns) for whole paths",
        hint: "default, all-linear, or names: q_proj, v_proj",
        flag: {
          name: "--lora-target-modules",
          value: "<names...>",
          help:
            "module names, a regular expression, all-linear, or PEFT's own (default)",
        },
        needs: counted,
      },
    ),
    target_parameters: field(names(256).default([]), {
      label: "Target parameters",
      group: "adapters",
      help: "parameters of MoE experts to adapt, by the end of their names",
      hint: "3-D experts, such as mlp.experts.down_proj",
      blank: "none",
    }),
    adapter_dtype: field(floats().default("fp32"), {
      label: "Adapter type",
      group: "adapters",
      help: "`fp32`, `bf16` or `fp16`",
    }),
    dora: field(flag().default(false), { label: "DoRA", group: "adapters" }),
    rslora: field(flag().default(false), {
      label: "Rank-stabilised (rsLoRA)",
      group: "adapters",
      help: "a scale; costs no memory",
    }),
    bias: field(z.enum(["none", "all", "lora_only"]).default("none"), {
      label: "Biases that train",
      group: "adapters",
      help: "biases that train too: `none`, `all` or `lora_only`",
    }),
    modules_to_save: field(names(256).default([]), {
      label: "Modules to save",
      group: "adapters",
      help: "modules that train whole beside the adapters",
      hint: "Trained whole beside the adapters",
      blank: "none",
    }),
    trainable_parameters: field(count(1, 1e15).nullable().default(null), {
      label: "Trainable parameters",
      group: "adapters",
      help: "an exact count of yours wins over ours",
      hint: "An exact count that you know wins",
      blank: "counted",
      flag: {
        name: "--lora-params-override",
        value: "<n>",
        help: "exact trainable parameters",
      },
    }),
  }),
  [when.adapted],
);
