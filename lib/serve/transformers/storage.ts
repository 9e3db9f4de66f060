import type { StoredTensor } from "../../formats/stored_model.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { elementsOf } from "../../models/tensors/tensor.ts";
import type { Storage, Stored } from "../../plan/storage.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** Floating-point types by the names that checkpoints have for them. */
const FLOATS: Readonly<Record<string, Dtype>> = {
  fp32: "fp32",
  f32: "fp32",
  bf16: "bf16",
  fp16: "fp16",
  f16: "fp16",
};

/**
 * Formats whose kernels multiply what is packed as it is; any other is expanded
 * for each product.
 *
 * Sources: bitsandbytes autograd/_functions.py, MatMul4Bit and MatMul8bitLt;
 * AutoGPTQ and GPTQModel nn_modules/qlinear; huggingface/transformers
 * integrations/finegrained_fp8.py
 */
const READ_AS_PACKED = /^(int8|gptq|awq|fp8|mxfp4|int4)/;

/** How the tensors of a checkpoint lie on the device, none of which trains. */
export function storageOfCheckpoint(
  tensors: readonly StoredTensor[],
  weights: Scenario["precision"]["weights"],
): Storage {
  const known = new Map<Tensor, Stored>(
    tensors.map((stored) => [stored.tensor, storedOf(stored, weights)]),
  );
  return (tensor) => known.get(tensor) ?? plain(tensor, weights);
}

function storedOf(
  { tensor, format, pieces }: StoredTensor,
  weights: Dtype,
): Stored {
  const [only] = pieces;
  const float = FLOATS[(only?.dtype ?? "").toLowerCase()];
  if (pieces.length === 1 && only && float) {
    return { dtype: float, trains: false, packed: null, pieces: [only.bytes] };
  }
  return {
    dtype: "uint8",
    trains: false,
    packed: {
      elements: elementsOf(tensor),
      compute: weights,
      expands: !READ_AS_PACKED.test(format),
    },
    pieces: pieces.map(({ bytes }) => bytes),
  };
}

function plain(tensor: Tensor, weights: Dtype): Stored {
  const dtype = tensor.dtype ?? weights;
  const bytes = elementsOf(tensor) * (dtype === "fp32" ? 4 : 2);
  return { dtype, trains: false, packed: null, pieces: [bytes] };
}
