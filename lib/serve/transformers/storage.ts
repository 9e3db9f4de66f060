import type { StoredTensor } from "../../formats/stored_model.ts";
import type { PackingLayout } from "../../formats/weight_packing.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { elementsOf } from "../../models/tensors/tensor.ts";
import type { Storage, Stored } from "../../plan/storage.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** What transformers does with a layout. */
type Handling =
  /** It loads it to the weights' own type: nothing stays packed. */
  | "expanded at loading"
  /** Every product expands its matrix first. */
  | "expanded for products"
  /** Kernels read what is packed. */
  | "read as packed";

/**
 * Sources: huggingface/transformers 5.23.0 quantizers/quantizer_*.py:
 * quantizer_mxfp4.py, which expands where the package `kernels` is not installed;
 * bitsandbytes autograd/_functions.py, MatMul4Bit and MatMul8bitLt; GPTQModel
 * nn_modules/qlinear; integrations/finegrained_fp8.py and fbgemm_fp8.py; hqq
 * core/quantize.py, HQQBackend.PYTORCH; compressed-tensors linear/
 * compressed_linear.py
 */
const HANDLING: Readonly<Record<PackingLayout, Handling | null>> = {
  "gptq": "read as packed",
  "awq": "read as packed",
  "compressed-tensors": "expanded for products",
  "fp8": "read as packed",
  "fbgemm": "read as packed",
  "mxfp4": "expanded at loading",
  "modelopt": null,
  "bitsandbytes": "expanded for products",
  "hqq": "expanded for products",
  "torchao": "read as packed",
  "quark": "expanded for products",
  "exl2": null,
  "exl3": null,
  "mlx": null,
};

/** A layout among a checkpoint's that transformers does not load; null for none. */
export function unknownLayout(
  tensors: readonly StoredTensor[],
): PackingLayout | null {
  const found = tensors.find(({ packing }) =>
    packing && HANDLING[packing.layout] === null
  );
  return found?.packing?.layout ?? null;
}

/** Whether anything of a checkpoint is expanded when it is loaded. */
export function expandsAtLoading(tensors: readonly StoredTensor[]): boolean {
  return tensors.some((stored) => isPacked(stored) && isExpanded(stored));
}

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

function storedOf(stored: StoredTensor, weights: Dtype): Stored {
  const { tensor, packing, pieces } = stored;
  if (!isPacked(stored) || isExpanded(stored)) return plain(tensor, weights);
  const is8Bit = packing?.layout === "bitsandbytes" && packing.bits === 8;
  const handling = packing ? HANDLING[packing.layout] : null;
  return {
    dtype: "uint8",
    trains: false,
    packed: {
      elements: elementsOf(tensor),
      compute: weights,
      expands: handling === "expanded for products" && !is8Bit,
    },
    pieces: pieces.map(({ bytes }) => bytes),
  };
}

function isPacked({ packing, pieces }: StoredTensor): boolean {
  return packing !== null || !FLOATS.has(pieces[0]?.dtype ?? "");
}

/** GGUF's types are expanded too: modeling_gguf_pytorch_utils.py. */
function isExpanded({ packing }: StoredTensor): boolean {
  return packing === null || HANDLING[packing.layout] === "expanded at loading";
}

/** Types that need no expanding, as safetensors and Scenarios call them. */
const FLOATS = new Set(["F32", "BF16", "F16", "fp32", "bf16", "fp16"]);

function plain(tensor: Tensor, weights: Dtype): Stored {
  const dtype = tensor.dtype ?? weights;
  return {
    dtype,
    trains: false,
    packed: null,
    pieces: [elementsOf(tensor) * DTYPE_BYTES[dtype]],
  };
}
