import type { BitsandbytesClass } from "./record.ts";
import type { OptimizerRule, Trained } from "./rule.ts";
import { ruleOf } from "./rule.ts";

/** Elements below which states are not quantised. */
const MIN_ELEMENTS = 4096;
/** Elements from which a paged optimizer pages a tensor's states. */
const MIN_PAGED_ELEMENTS = 100_000;
/** Elements of a block, which share a scale. */
const BLOCK = 256;

/** How a program sets bitsandbytes' optimizers up. */
export interface BitsandbytesSetup {
  /** Whether large states lie in managed memory. */
  readonly paged: boolean;
  /** Whether embeddings keep states in fp32, as HF Trainer registers them. */
  readonly widensEmbeddings: boolean;
}

/**
 * bitsandbytes' states, in fp32 or in block-wise 8 bits: a byte an element and a
 * scale a block; small tensors keep fp32. Paged, the states of large tensors lie
 * in managed memory, their scales do not. Its kernels step in place, in registers:
 * no tensor stands beside the states.
 *
 * Source: bitsandbytes optim/optimizer.py, init_state and get_state_buffer;
 * functional.py, get_paged; huggingface/transformers trainer.py
 */
export function bitsandbytesRule(
  { states, paged: canBePaged }: BitsandbytesClass,
  bits: 32 | 8,
  { paged, widensEmbeddings }: BitsandbytesSetup,
): OptimizerRule {
  const times = (pieces: number[]) =>
    Array.from({ length: states }, () => pieces).flat();
  const isWide = ({ elements, embedding }: Trained) =>
    bits === 32 || (embedding && widensEmbeddings) || elements < MIN_ELEMENTS;
  const isManaged = ({ elements }: Trained) =>
    paged && canBePaged && elements >= MIN_PAGED_ELEMENTS;
  const own = (tensor: Trained) => (isWide(tensor) ? 4 : 1) * tensor.elements;
  const scales = (tensor: Trained) =>
    isWide(tensor) ? [] : [4 * Math.ceil(tensor.elements / BLOCK)];
  return ruleOf({
    states: (tensor) =>
      times([...(isManaged(tensor) ? [] : [own(tensor)]), ...scales(tensor)]),
    managed: (tensor) => isManaged(tensor) ? times([own(tensor)]) : [],
    library: "bitsandbytes",
  });
}
