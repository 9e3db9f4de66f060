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
  {
    batch,
    sequence,
    keys = sequence,
    windowKeys = keys,
    implementation,
    masked,
    windows,
  }: MaskedPass,
): Mask[] {
  if (implementation === "flash") return [];
  const isTruth = implementation === "sdpa";
  const mask = (times: number, seen: number): Mask => ({
    elements: times * sequence * seen,
    isTruth,
  });
  if (implementation === "eager") {
    return windows.both
      ? [mask(batch, keys), mask(batch, windowKeys)]
      : [mask(batch, windows.size === null ? keys : windowKeys)];
  }
  return [
    ...(masked && (windows.both || windows.size === null)
      ? [mask(batch, keys)]
      : []),
    ...(windows.size !== null && (masked || windowKeys >= windows.size)
      ? [mask(masked ? batch : 1, windowKeys)]
      : []),
  ];
}
