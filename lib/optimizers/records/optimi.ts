import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Kin } from "../record.ts";
import type { Trained } from "../rule.ts";
import { like, ruleOf } from "../rule.ts";

/** Bytes of the mean square that a kernel sums up. */
const MEAN_SQUARE = 4;

/**
 * torch-optimi's, whose Triton kernels step in place.
 *
 * Sources: warner-benjamin/optimi optimi/adamw.py and stableadamw.py, _init_state;
 * optimi/utils.py, _default_to_triton
 */
export const OPTIMI = {
  "stable-adamw": {
    rule: ruleOf({
      states: (tensor) => [
        ...compensated(tensor),
        DTYPE_BYTES[tensor.dtype],
        MEAN_SQUARE,
      ],
    }),
    spellings: {
      transformers: { stable_adamw: {} },
      classes: { StableAdamW: {} },
    },
  },
  "optimi-adamw": {
    rule: ruleOf({ states: compensated }),
    spellings: { axolotl: { optimi_adamw: {} } },
  },
} satisfies Kin;

/** Adam's two moments; for 16-bit weights also what rounding left (Kahan's sum). */
function compensated(tensor: Trained): number[] {
  return like(tensor.dtype === "fp32" ? 2 : 3)(tensor);
}
