import type { Mask } from "../../play/layers/mask.ts";
import type { MaskedPass } from "../model_code.ts";

/**
 * The masks of queries and keys that a decoder makes: for sdpa only where a kernel
 * cannot do with a flag, for eager attention always.
 *
 * Source: huggingface/transformers masking_utils.py, sdpa_mask, eager_mask and
 * _ignore_causal_mask_sdpa
 */
export function transformersMasks(
  { batch, sequence, implementation, masked, windows }: MaskedPass,
): Mask[] {
  if (implementation === "flash") return [];
  const isTruth = implementation === "sdpa";
  const mask = (times: number): Mask => ({
    elements: times * sequence ** 2,
    isTruth,
  });
  if (implementation === "eager") {
    return windows.both ? [mask(batch), mask(batch)] : [mask(batch)];
  }
  return [
    ...(masked && (windows.both || windows.size === null) ? [mask(batch)] : []),
    ...(windows.size !== null && (masked || sequence >= windows.size)
      ? [mask(masked ? batch : 1)]
      : []),
  ];
}
