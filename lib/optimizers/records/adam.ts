import type { Kin } from "../record.ts";
import { like } from "../rule.ts";
import { FUSES, torchRule } from "./torch_rule.ts";

const FP8 = { bits: 8, note: "fp8 states are taken as 8-bit ones" } as const;

/** Adam and torch.optim's kin of it: two moments or three. */
export const ADAM = {
  adamw: {
    rule: torchRule(like(2), [1, 2, 1], FUSES),
    bitsandbytes: { states: 2, paged: true },
    torchao: true,
    trainerFuses: true,
    spellings: {
      transformers: {
        adamw_torch: {},
        adamw_torch_fused: { implementation: "fused" },
        adamw_bnb_8bit: { bits: 8 },
        adamw_torch_4bit: { bits: 4 },
        paged_adamw_32bit: { paged: true },
        paged_adamw_8bit: { bits: 8, paged: true },
        adamw_hf: {},
        adamw_apex_fused: { implementation: "fused" },
        adamw_anyprecision: {
          note: "its states' types, given in optim_args, are taken as fp32",
        },
        adamw_8bit: { bits: 8 },
        adamw_torch_8bit: { bits: 8 },
        paged_adamw: { paged: true },
        adamw_torch_xla: {},
        adamw_torch_npu_fused: { implementation: "fused" },
      },
      axolotl: {
        adopt_adamw: { note: "ADOPT keeps AdamW's two states" },
        ao_adamw_8bit: { bits: 8 },
        ao_adamw_4bit: { bits: 4 },
        ao_adamw_fp8: FP8,
      },
      deepspeed: { AdamW: {} },
      classes: {
        AdamW: {},
        FusedAdam: { implementation: "fused" },
        DeepSpeedCPUAdam: {},
        CPUAdam: {},
        AdamW8bit: { bits: 8 },
        AdamW4bit: { bits: 4 },
        AdamWFp8: FP8,
        PagedAdamW: { paged: true },
        PagedAdamW32bit: { paged: true },
        PagedAdamW8bit: { bits: 8, paged: true },
      },
    },
  },
  adam: {
    rule: torchRule(like(2), [1, 2, 1], FUSES),
    bitsandbytes: { states: 2, paged: true },
    torchao: true,
    spellings: {
      deepspeed: {
        Adam: {},
        OneBitAdam: { note: "1-bit Adam's error buffers are left out" },
        ZeroOneAdam: { note: "0/1 Adam's error buffers are left out" },
      },
      classes: {
        Adam: {},
        Adam8bit: { bits: 8 },
        PagedAdam: { paged: true },
        PagedAdam32bit: { paged: true },
        PagedAdam8bit: { bits: 8, paged: true },
      },
    },
  },
  amsgrad: {
    rule: torchRule(like(3), [1, 2, 1], FUSES),
    spellings: {},
  },
  nadam: {
    rule: torchRule(like(2), [1, 2, 1]),
    spellings: { classes: { NAdam: {} } },
  },
  radam: {
    rule: torchRule(like(2), [1, 2, 0]),
    spellings: { classes: { RAdam: {} } },
  },
  adamax: {
    rule: torchRule(like(2), [1, 1, 0]),
    spellings: { classes: { Adamax: {} } },
  },
  "sparse-adam": {
    rule: torchRule(like(2), [0, 2, 0], {
      implementations: [],
      usual: "for-loop",
      basis: "assumed",
    }),
    spellings: {},
  },
} satisfies Kin;
