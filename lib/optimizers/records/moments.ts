import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Kin } from "../record.ts";
import type { Trained } from "../rule.ts";
import { bytesOf, like, ruleOf, sidesOf, times } from "../rule.ts";

/**
 * Moments of other projects' own, in a loop over tensors. Those that are derived
 * were traced with the packages named beside them.
 */
export const MOMENTS = {
  // lion_pytorch.
  lion: {
    rule: ruleOf({ states: like(1), own: times(2) }),
    bitsandbytes: { states: 1, paged: true },
    spellings: {
      transformers: {
        lion_32bit: {},
        lion_8bit: { bits: 8 },
        paged_lion_32bit: { paged: true },
        paged_lion_8bit: { bits: 8, paged: true },
        paged_lion: { paged: true },
      },
      axolotl: { lion_pytorch: {} },
      deepspeed: { Lion: {} },
      classes: {
        Lion: {},
        Lion8bit: { bits: 8 },
        PagedLion: { paged: true },
        PagedLion32bit: { paged: true },
        PagedLion8bit: { bits: 8, paged: true },
      },
    },
  },
  // pytorch_optimizer.
  lamb: {
    rule: ruleOf({ states: like(2), own: times(1), kept: times(1) }),
    bitsandbytes: { states: 2, paged: false },
    spellings: {
      deepspeed: {
        Lamb: {},
        OneBitLamb: { note: "1-bit LAMB's error buffers are left out" },
      },
      classes: { FusedLamb: {} },
    },
  },
  // pytorch_optimizer.
  adabelief: {
    rule: ruleOf({ states: like(2), own: times(2), kept: times(2) }),
    spellings: { classes: { AdaBelief: {} } },
  },
  // pytorch_optimizer.
  ademamix: {
    rule: ruleOf({ states: like(3), own: times(2), kept: times(2) }),
    bitsandbytes: { states: 3, paged: true },
    spellings: {
      transformers: {
        ademamix: {},
        ademamix_8bit: { bits: 8 },
        paged_ademamix_32bit: { paged: true },
        paged_ademamix_8bit: { bits: 8, paged: true },
        paged_ademamix: { paged: true },
      },
      classes: {
        PagedAdEMAMix: { paged: true },
        PagedAdEMAMix32bit: { paged: true },
        PagedAdEMAMix8bit: { bits: 8, paged: true },
      },
    },
  },
  // grokadamw.py, _update_group: its three moments wait on the host, and come to
  // the GPU for one tensor at a time; two of its scaled average are made beside.
  grokadamw: {
    rule: ruleOf({ states: () => [], own: times(5), kept: times(1) }),
    spellings: {
      transformers: {
        grokadamw: { note: "GrokAdamW keeps its three moments on the host" },
      },
    },
  },
  // prodigyopt's prodigy.py: two moments, the sum of gradients and the weights as
  // they began, which are one number where all of them are 0.
  prodigy: {
    rule: ruleOf({
      states: (tensor) =>
        beginsAtZero(tensor)
          ? [...like(3)(tensor), DTYPE_BYTES[tensor.dtype]]
          : like(4)(tensor),
      own: times(1),
      kept: times(1),
    }),
    spellings: { classes: { Prodigy: {} } },
  },
  // One second moment a row; a head's rows share theirs.
  "adam-mini": {
    rule: ruleOf({
      states: (tensor) => [
        bytesOf(tensor),
        tensor.shape.length < 2
          ? DTYPE_BYTES[tensor.dtype]
          : sidesOf(tensor)[0] * DTYPE_BYTES[tensor.dtype],
      ],
      own: times(2),
    }),
    spellings: {},
  },
  // Liuhong99/Sophia: momentum and the diagonal of the Hessian.
  sophia: {
    rule: ruleOf({ states: like(2), own: times(2), basis: "assumed" }),
    spellings: { classes: { Sophia: {} } },
  },
} satisfies Kin;

/** PEFT begins one of LoRA's two factors at zero. */
function beginsAtZero({ name }: Trained): boolean {
  return /\blora_(?:B|embedding_A)\b/.test(name);
}
