import type { Kin } from "../record.ts";
import { bytesOf, like } from "../rule.ts";
import { FUSES, torchRule } from "./torch_rule.ts";

/** torch.optim's descents along the gradient: no state, or a momentum. */
export const GRADIENT_DESCENT = {
  sgd: {
    rule: torchRule(like(0), [0, 0, 0], FUSES),
    spellings: { transformers: { sgd: {} }, classes: { SGD: {} } },
  },
  "sgd-momentum": {
    rule: torchRule(like(1), [0, 0, 0], FUSES),
    bitsandbytes: { states: 1, paged: false },
    spellings: { classes: { SGD8bit: { bits: 8 } } },
  },
  nesterov: {
    rule: torchRule(like(1), [0, 1, 0], FUSES),
    spellings: {},
  },
  asgd: {
    rule: torchRule((tensor) => [bytesOf(tensor), 4, 4, 4], [1, 0, 0]),
    spellings: { classes: { ASGD: {} } },
  },
  rprop: {
    rule: torchRule(like(2), [1, 3, 0], {
      // torch.where() of one tensor after the other, and its condition.
      foreachOne: (tensor) => [bytesOf(tensor), tensor.elements],
    }),
    spellings: { classes: { Rprop: {} } },
  },
} satisfies Kin;
