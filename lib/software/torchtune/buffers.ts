import type { Model } from "../../models/model.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";

/**
 * Bytes of the table of cosines and sines of every position that a model knows.
 *
 * Source: pytorch/torchtune torchtune/modules/position_embeddings.py
 */
export function rotaryBufferBytes({ architecture, config }: Model): number {
  const positions = config?.["max_position_embeddings"];
  return typeof positions === "number"
    ? roundedBytes(positions * architecture.head_dim * DTYPE_BYTES.fp32)
    : 0;
}
