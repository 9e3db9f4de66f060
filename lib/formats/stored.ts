import { FLOAT_BYTES } from "../models/weight_bytes.ts";
import type { Model } from "../models/model.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import { elementsOf } from "../models/tensors/tensor.ts";
import { formatOf } from "./format_of.ts";
import { keptBuffers } from "./kept_buffers.ts";
import { leastSure } from "./least_sure.ts";
import { matricesOf } from "./matrices.ts";
import { isProduct, isTable } from "./packable.ts";
import { piecesOf } from "./pieces.ts";
import type { WeightScheme } from "./scheme.ts";
import type { StoredModel, StoredTensor } from "./stored_model.ts";
import { bytesOfTensors } from "./total.ts";
import type { WeightPacking } from "./weight_packing.ts";

/** A model's tensors as a scheme stores them. */
export function storedBy(model: Model, scheme: WeightScheme): StoredModel {
  const { type } = model.architecture;
  const tensors = model.tensors.flatMap((tensor): StoredTensor[] => {
    const packable = isProduct(tensor) ||
      (scheme.packsTables === true && isTable(tensor));
    if (!packable) return [plain(tensor, scheme)];
    return scheme.packed(tensor).map(({ packing, layers }) => {
      const part = layers === tensor.layers ? tensor : { ...tensor, layers };
      const stored = packing === null
        ? plain(part, scheme)
        : packed(part, packing, type);
      return withCacheScales(stored, scheme);
    });
  });
  const buffers = keptBuffers(model).map((buffer) => plain(buffer, scheme));
  return {
    scheme: scheme.words,
    tensors,
    buffers,
    bytes: bytesOfTensors(tensors) + bytesOfTensors(buffers),
    basis: leastSure(scheme.basis, model.parameters_basis),
    notes: scheme.notes,
  };
}

function plain(tensor: Tensor, scheme: WeightScheme): StoredTensor {
  const dtype = scheme.narrows ? scheme.plain : tensor.dtype ?? scheme.plain;
  return {
    tensor,
    format: dtype,
    packing: null,
    matrices: null,
    pieces: [{
      name: "weight",
      bytes: elementsOf(tensor) * FLOAT_BYTES[dtype],
      dtype: DTYPES[dtype],
    }],
  };
}

/** Types as safetensors calls them. */
const DTYPES = { fp32: "F32", bf16: "BF16", fp16: "F16" } as const;

function packed(
  tensor: Tensor,
  packing: WeightPacking,
  type: string,
): StoredTensor {
  const matrices = matricesOf(tensor, type, packing.layout === "mxfp4");
  return {
    tensor,
    format: formatOf(packing),
    packing,
    matrices,
    pieces: piecesOf(packing, matrices),
  };
}

/** Scales of a quantised cache stand beside the projections that fill it. */
function withCacheScales(
  stored: StoredTensor,
  { cacheScale }: WeightScheme,
): StoredTensor {
  const { role, piece, layers } = stored.tensor;
  const names = CACHE_SCALES[role] ?? [];
  if (cacheScale === null || piece !== "language_model" || layers === null) {
    return stored;
  }
  return {
    ...stored,
    pieces: [
      ...stored.pieces,
      ...names.map((name) => ({ name, ...cacheScale })),
    ],
  };
}

const CACHE_SCALES: Readonly<Record<string, readonly string[]>> = {
  k: ["k_scale"],
  v: ["v_scale"],
  qkv: ["k_scale", "v_scale"],
};
