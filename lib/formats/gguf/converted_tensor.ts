import type { LayerRange, Tensor } from "../../models/tensors/tensor.ts";
import type { GgufPlace } from "./gguf_model.ts";
import type { GgufPart } from "./parts.ts";

/** A tensor of a GGUF file before its type is chosen. */
export interface ConvertedTensor extends Omit<GgufPart, "stem"> {
  readonly name: string;
  readonly tensor: Tensor;
  readonly place: GgufPlace;
  readonly layers: readonly LayerRange[] | null;
  readonly expert: boolean;
  /** Whether llama.cpp has a name for it, as far as is known here. */
  readonly isKnown: boolean;
}
