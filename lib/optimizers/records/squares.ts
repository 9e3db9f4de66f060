import type { Kin } from "../record.ts";
import { like } from "../rule.ts";
import { FUSES, torchRule } from "./torch_rule.ts";

/** torch.optim's that divide by a sum or a mean of squared gradients. */
export const SQUARES = {
  adagrad: {
    rule: torchRule(like(1), [2, 1, 1], FUSES),
    bitsandbytes: { states: 1, paged: false },
    spellings: {
      transformers: { adagrad: {} },
      deepspeed: { Adagrad: {} },
      classes: { Adagrad: {} },
    },
  },
  adadelta: {
    rule: torchRule(like(2), [2, 2, 1]),
    spellings: { classes: { Adadelta: {} } },
  },
  rmsprop: {
    rule: torchRule(like(1), [1, 1, 1]),
    bitsandbytes: { states: 1, paged: false },
    spellings: {
      transformers: {
        rmsprop: {},
        rmsprop_bnb_8bit: { bits: 8 },
        rmsprop_bnb: {},
        rmsprop_bnb_32bit: {},
      },
      classes: { RMSprop: {} },
    },
  },
} satisfies Kin;
