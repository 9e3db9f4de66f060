import { z } from "zod";
import { field, section } from "../about.ts";
import { count, factor, flag, gib } from "../fields.ts";
import { MAX_GIB, MAX_LAYERS } from "../limits.ts";
import * as when from "../when.ts";

const pictured = [{ path: "train.images_per_sample", not: [0] }] as const;
const vision = {
  group: "calibration",
  blank: "the model's",
  needs: pictured,
} as const;
const cushion = { group: "calibration", unit: "GiB" } as const;

/**
 * The calibration factors of the `factors` method and their defaults, as its
 * documents state them. Null means: by stage, or the model's own vision tower.
 */
export const factorsSection = z.strictObject({
  attn_act_factor_no_fa: field(factor(0, 1000).default(4), {
    label: "Attention, eager",
    group: "calibration",
    help: "see [factors.md](factors.md)",
    flag: {
      name: "--attn-act-factor-no-fa",
      value: "<f>",
      help: "attention without FlashAttention (4.0)",
    },
    needs: [{ path: "train.attention", is: ["eager"] }],
  }),
  attn_act_factor_fa: field(factor(0, 1000).default(0.8), {
    label: "Attention, flash",
    group: "calibration",
    flag: {
      name: "--attn-act-factor-fa",
      value: "<f>",
      help: "attention with FlashAttention (0.8)",
    },
    needs: [{ path: "train.attention", not: ["eager"] }],
  }),
  mlp_act_factor: field(factor(0, 1000).default(6), {
    label: "MLP",
    group: "calibration",
    flag: { name: "--mlp-act-factor", value: "<f>", help: "MLP (6.0)" },
  }),
  logits_factor: field(factor(0, 1000).default(1), {
    label: "Logits",
    group: "calibration",
    flag: { name: "--logits-factor", value: "<f>", help: "logits (1.0)" },
  }),
  fused_loss_factor: field(factor(0, 1).default(0.2), {
    label: "Kept by a fused loss",
    group: "calibration",
    needs: [{ path: "train.loss", is: ["fused"] }],
  }),
  grad_ckpt_reduction: field(factor(0, 1).default(0.35), {
    label: "Kept by checkpointing",
    group: "calibration",
    flag: {
      name: "--grad-ckpt-reduction",
      value: "<f>",
      help: "share that checkpointing keeps (0.35)",
    },
    needs: [{ path: "train.checkpointing", is: ["full"] }],
  }),
  cuda_libs_gib: field(gib(0, MAX_GIB).default(2.5), {
    ...cushion,
    label: "CUDA libraries",
    flag: {
      name: "--cuda-libs-gib",
      value: "<gib>",
      help: "CUDA and its libraries (2.5)",
    },
    needs: [{ path: "overheads.cuda_context_gib", is: [null] }],
  }),
  misc_overhead_gib: field(gib(0, MAX_GIB).default(3), {
    ...cushion,
    label: "Framework",
    flag: {
      name: "--misc-overhead-gib",
      value: "<gib>",
      help: "framework (3.0)",
    },
  }),
  fragmentation_gib: field(gib(0, MAX_GIB).default(5), {
    ...cushion,
    label: "Fragmentation",
    flag: {
      name: "--fragmentation-gib",
      value: "<gib>",
      help: "allocator fragmentation (5.0)",
    },
  }),
  deepspeed_overhead_gib: field(gib(0, MAX_GIB).nullable().default(null), {
    ...cushion,
    label: "DeepSpeed",
    help: "by ZeRO stage",
    blank: "by stage",
    flag: {
      name: "--deepspeed-overhead-gib",
      value: "<gib>",
      help: "DeepSpeed (by stage: 0, 1.5, 2, 3)",
    },
  }),
  transient_gib_per_sequence: field(gib(0, MAX_GIB).default(0.1), {
    ...cushion,
    label: "Transients per sequence",
  }),
  kv_cache: field(flag().default(false), {
    label: "Count a KV cache when training",
    group: "calibration",
  }),
  vision_hidden: field(count(1, 1_048_576).nullable().default(null), {
    ...vision,
    label: "Vision hidden size",
    help: "the model's vision tower, else 1024",
    flag: {
      name: "--vision-hidden",
      value: "<n>",
      help: "vision tower's width (the model's, or 1024)",
    },
  }),
  vision_layers: field(count(1, MAX_LAYERS).nullable().default(null), {
    ...vision,
    label: "Vision layers",
    help: "the model's, else 24",
    flag: {
      name: "--vision-layers",
      value: "<n>",
      help: "vision tower's layers (the model's, or 24)",
    },
  }),
  vision_patch: field(count(1, 4096).nullable().default(null), {
    ...vision,
    label: "Vision patch",
    help: "the model's, else 14",
    flag: {
      name: "--vision-patch",
      value: "<n>",
      help: "pixels of a patch's side (the model's, or 14)",
    },
  }),
});

/**
 * What the `engine-formulas` method takes beside the other fields. Null means:
 * by `train.checkpointing`, and by the hidden size or the experts.
 */
export const engineFormulasSection = section(
  z.strictObject({
    checkpointing_level: field(count(0, 4).nullable().default(null), {
      label: "Checkpointing level",
      group: "engine_formulas",
      help:
        "for `engine-formulas`: 0 (none) to 4 (full); null: by `train.checkpointing`, selective is 2",
      blank: "auto",
    }),
    largest_layer_parameters: field(
      count(1, 1e15).nullable().default(null),
      {
        label: "Largest layer",
        group: "engine_formulas",
        help:
          "for `engine-formulas`: what ZeRO-3 and FSDP gather at a time; null: 4 × hidden², or an expert's two matrices",
        blank: "auto",
      },
    ),
  }),
  [when.method("engine-formulas")],
);

/**
 * The constants of the `multipliers` method that its document says to adjust:
 * what checkpointing leaves of the activations, and what inference needs of them.
 */
export const multipliersSection = section(
  z.strictObject({
    gradient_checkpointing: field(factor(0, 1).default(0.3), {
      label: "Checkpointing keeps",
      group: "multipliers",
      help: "for `multipliers`: what checkpointing leaves of the activations",
      needs: [{
        any: [[when.toTrain, { path: "train.checkpointing", is: ["full"] }]],
        because: "nothing is checkpointed",
      }],
    }),
    inference_activations: field(factor(0, 1).default(0.1), {
      label: "Inference activations",
      group: "multipliers",
      help: "for `multipliers`: what inference needs of them",
      needs: [when.toServe],
    }),
  }),
  [when.method("multipliers")],
);

/** What the `rule-of-thumb` method takes beside the other fields. */
export const ruleOfThumbSection = section(
  z.strictObject({
    count: field(z.enum(["tensors", "dimensions"]).default("tensors"), {
      label: "Parameters from",
      group: "rule_of_thumb",
      help:
        "for `rule-of-thumb`: what the parameters are counted from, `tensors` or `dimensions`",
      hint: "every tensor, or the dimensions alone",
    }),
  }),
  [when.method("rule-of-thumb")],
);
