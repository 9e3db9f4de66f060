import type { Model } from "../../models/model.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { elementsOf } from "../../models/tensors/tensor.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { weightFormat } from "../../methods/weight_bytes.ts";
import type { Dtype } from "../dtype.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import type { Packed } from "../ops/linear.ts";
import { packedBytes } from "./packed_bytes.ts";

/** How a tensor of the model lies on the device. */
export interface Stored {
  readonly dtype: Dtype;
  readonly trains: boolean;
  /** Null where it is not quantised. */
  readonly packed: Packed | null;
  /** Bytes of each piece that it is stored in: the matrix, its scales, … */
  readonly pieces: readonly number[];
}

/** Decides how tensors lie on the device. */
export type Storage = (tensor: Tensor) => Stored;

/** The rules by which a Scenario's model is loaded for training. */
export function storageOf(scenario: Scenario, _model: Model): Storage {
  const { precision, quantization, train } = scenario;
  const format = weightFormat(scenario);
  const upcasts = train.method !== "full" && quantization.kbit_upcast &&
    ["nf4", "nf4-dq", "int8"].includes(format);
  const compute = precision.autocast ?? precision.weights;
  return (tensor) => {
    const elements = elementsOf(tensor);
    if (format !== "none" && tensor.quantized) {
      return {
        dtype: "uint8",
        trains: false,
        packed: {
          elements,
          compute,
          expands: format === "nf4" || format === "nf4-dq",
        },
        pieces: packedBytes(format, tensor.shape, quantization.group_size),
      };
    }
    const dtype = upcasts || tensor.dtype === "fp32"
      ? "fp32"
      : precision.weights;
    const trains = train.method === "full" &&
      (train.trainable === "all" ||
        (train.trainable as readonly string[]).includes(tensor.piece));
    return {
      dtype,
      trains,
      packed: null,
      pieces: [elements * DTYPE_BYTES[dtype]],
    };
  };
}
