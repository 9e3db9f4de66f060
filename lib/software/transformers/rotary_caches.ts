import type { Architecture } from "../../models/architecture.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { isFrom } from "../../scenario/version.ts";
import type { FamilyCode } from "../../models/families/code/code.ts";

/**
 * Bytes of the cosines and sines of all positions that each layer kept beside its
 * parameters in older releases, in the model's type; 0 in later ones.
 *
 * Source: huggingface/transformers 4.38.2 models/qwen2/modeling_qwen2.py,
 * Qwen2RotaryEmbedding
 *
 * @param width Features of a head that are turned.
 */
export function rotaryCacheBytes(
  { rotary: { keptUntil } }: Pick<FamilyCode, "rotary">,
  { layers, max_position_embeddings: positions }: Architecture,
  width: number,
  dtype: Dtype,
  release: string | null,
): number {
  if (keptUntil === null || isFrom(release, keptUntil)) return 0;
  const one = roundedBytes((positions ?? 0) * width * DTYPE_BYTES[dtype]);
  return 2 * layers * one;
}
