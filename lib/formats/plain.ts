import { FLOAT_BYTES } from "../models/weight_bytes.ts";
import type { Model } from "../models/model.ts";
import { elementsOf } from "../models/tensors/tensor.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { StoredModel, StoredTensor } from "./stored_model.ts";
import { bytesOfTensors } from "./total.ts";

/** A checkpoint of plain floating-point tensors. */
export function plainModel(
  model: Model,
  type: Scenario["precision"]["weights"],
): StoredModel {
  const tensors = model.tensors.map((tensor): StoredTensor => {
    const dtype = tensor.dtype ?? type;
    return {
      tensor,
      format: dtype,
      packing: null,
      matrices: null,
      pieces: [{
        name: "weight",
        bytes: elementsOf(tensor) * FLOAT_BYTES[dtype],
        dtype,
      }],
    };
  });
  return {
    scheme: type,
    tensors,
    bytes: bytesOfTensors(tensors),
    basis: "exact",
    notes: [],
  };
}
