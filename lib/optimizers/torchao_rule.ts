import { versionOf } from "../scenario/version.ts";
import type { OptimizerRule, Trained } from "./rule.ts";
import { bytesOf, ruleOf } from "./rule.ts";

/** Elements below which states are not quantised. */
const MIN_ELEMENTS = 4096;
/** Elements of a block, which share a scale. */
const BLOCK = { 8: 256, 4: 128 } as const;
/** Bytes of the table that each state has: 256 or 16 fp32. */
const TABLE = { 8: 1024, 4: 64 } as const;

/**
 * Bytes an element that the compiled step of one tensor takes, as inductor lays
 * its kernels out: what they hand on to each other, and the scales beside.
 *
 * Source: generated code of torchao 0.18 with torch 2.13 and of torchao 0.6.1 with
 * torch 2.5.1, single_param_adam on its own tensor subclasses, bf16 parameters
 */
const COMPILED_STEP = {
  /** Both new states in fp32; with 4 bits their codes in int64 too. */
  now: { 8: 8 + 2 * 4 / 256, 4: 24 + 2 * 4 / 128 },
  /**
   * One or both states in fp32, and the clones of what a kernel writes, in and
   * out, while Triton tries its configurations in the first step.
   */
  until_2_5: {
    8: 4 + 2 * (2 + 1 + 1 + 2 * 4 / 256),
    4: 8 + 2 * 4 / 128 + 2 + 2 * 2,
  },
} as const;
/** What Triton clears the cache with between two tries: triton.testing.do_bench. */
const FLUSH_UNTIL_2_5 = 256_000_000;

/**
 * torchao's Adam and AdamW with states in 8 or 4 bits. Each tensor's step is
 * compiled (torch.compile(single_param_adam, fullgraph, dynamic=False)), and takes
 * what inductor's kernels hand on. Releases of PyTorch from 2.6 to 2.12 are taken
 * to do what 2.13 does; from 2.6 on, tries do not raise the peak.
 *
 * Source: pytorch/ao torchao/optim (adam.py, subclass_8bit.py, subclass_4bit.py),
 * in prototype/low_bit_optim before; pytorch
 * torch/_inductor/runtime/triton_heuristics.py, clone_args
 *
 * @param torch Its release; null for a current one.
 */
export function torchaoRule(
  bits: 8 | 4,
  torch: string | null = null,
): OptimizerRule {
  const version = versionOf(torch);
  const tries = version !== null && version.major === 2 && version.minor <= 5;
  const perElement = COMPILED_STEP[tries ? "until_2_5" : "now"][bits];
  return ruleOf({
    states: (tensor) => {
      const each = isQuantised(tensor, bits)
        ? [
          tensor.elements * bits / 8,
          4 * tensor.elements / BLOCK[bits],
          TABLE[bits],
        ]
        : [bytesOf(tensor)];
      return [...each, ...each];
    },
    own: (tensor) =>
      isQuantised(tensor, bits)
        ? perElement * tensor.elements + (tries ? FLUSH_UNTIL_2_5 : 0)
        : 0,
    library: "torchao",
  });
}

function isQuantised({ elements }: Trained, bits: 8 | 4): boolean {
  return elements >= MIN_ELEMENTS && elements % BLOCK[bits] === 0;
}
