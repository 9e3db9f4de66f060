import type { Kin } from "../record.ts";
import type { OptimizerRule, Trained } from "../rule.ts";
import { ruleOf, times } from "../rule.ts";

/** Elements that share a scale, and the scale's bytes. */
const GROUP = 32;
const SCALE = 2;

/**
 * flashoptim's: states in 8 bits with fp16 scales, and for 16-bit weights a byte an
 * element of what they lack of 24-bit masters. Its Triton kernels step in place;
 * what is taken is of the first step, which makes each state of zeros before it
 * is quantised.
 *
 * Source: flashoptim 0.1.4 optimizers.py, _ensure_state_initialized and quantize
 */
function flashRule(states: number): OptimizerRule {
  return ruleOf({
    states: ({ elements, dtype }: Trained) => [
      ...Array.from({ length: states }, () => [
        elements,
        SCALE * Math.ceil(elements / GROUP),
      ]).flat(),
      ...(dtype === "fp32" ? [] : [elements]),
    ],
    own: times(states > 0 ? 1 : 0),
  });
}

/** Optimizers of flashoptim. */
export const FLASH = {
  "flash-adamw": {
    rule: flashRule(2),
    spellings: {
      axolotl: { flash_adamw: {} },
      classes: { FlashAdamW: {} },
    },
  },
  "flash-adam": {
    rule: flashRule(2),
    spellings: { axolotl: { flash_adam: {} }, classes: { FlashAdam: {} } },
  },
  "flash-lion": {
    rule: flashRule(1),
    spellings: { axolotl: { flash_lion: {} }, classes: { FlashLion: {} } },
  },
  // Without momentum, as its classes are by default.
  "flash-sgd": {
    rule: flashRule(0),
    spellings: {
      axolotl: { flash_sgd: {}, flash_sgdw: {} },
      classes: { FlashSGD: {}, FlashSGDW: {} },
    },
  },
} satisfies Kin;
