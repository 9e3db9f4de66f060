import type { Model } from "../../../models/model.ts";
import { lengthOf } from "../length.ts";

/**
 * Bytes of the tables of cosines and sines that turn positions, one for each kind
 * of turning: as long as the model's longest sequence, in the model's type; gpt-oss
 * keeps its own in fp32.
 *
 * Source: vllm-project/vllm 0.33
 * model_executor/layers/rotary_embedding/base.py, cos_sin_cache
 */
export function rotaryTableBytes(model: Model, elementBytes: number): number {
  const { most, usual } = lengthOf(model);
  const width = model.architecture.type === "gpt_oss" ? 4 : elementBytes;
  return model.buffers.reduce((sum, { name, shape }) => {
    const isTurning = /inv_freq$/.test(name) &&
      !/original_inv_freq$/.test(name) &&
      !/vision|visual|audio/.test(name);
    // A frequency turns a pair of features: a cosine and a sine each.
    return isTurning
      ? sum + (most ?? usual) * 2 * (shape[0] ?? 0) * width
      : sum;
  }, 0);
}
