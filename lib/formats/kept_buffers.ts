import type { Model } from "../models/model.ts";
import type { Tensor } from "../models/tensors/tensor.ts";

/** What routers add to their scores: the one buffer that releases hold. */
const KEPT = /(e_score_correction_bias|expert_bias)$/;

/**
 * Buffers of a model that its checkpoints hold beside the parameters.
 *
 * Source: deepseek-ai/DeepSeek-V3 modeling_deepseek.py, MoEGate, where it is a
 * parameter
 */
export function keptBuffers({ buffers }: Model): Tensor[] {
  return buffers.filter(({ name }) => KEPT.test(name)).map((
    { name, shape, layers },
  ) => ({
    name,
    shape,
    role: "router",
    piece: "language_model",
    module: "parameter",
    layers,
    split: null,
    expert: false,
    quantized: false,
    dtype: "fp32",
  }));
}
