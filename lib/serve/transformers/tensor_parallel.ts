import type { StoredTensor } from "../../formats/stored_model.ts";
import type { Model } from "../../models/model.ts";
import { elementsOf } from "../../models/tensors/tensor.ts";

/** A model and its tensors as one rank of tensor parallelism holds them. */
export interface LocalModel {
  readonly model: Model;
  readonly tensors: readonly StoredTensor[];
}

/**
 * A rank's part of a model: matrices of layers are cut, and the head where it has
 * a matrix of its own; embeddings and norms are whole.
 *
 * Source: huggingface/transformers models/llama/configuration_llama.py,
 * base_model_tp_plan, and modeling_llama.py, _tp_plan; LitGPT's generate/tp.py and
 * DeepSpeed's AutoTP leave the head whole
 *
 * @param cutsHead Whether the head is cut too.
 */
export function localOf(
  model: Model,
  tensors: readonly StoredTensor[],
  tp: number,
  cutsHead: boolean,
): LocalModel {
  if (tp === 1) return { model, tensors };
  const { architecture } = model;
  const cut = tensors.map((stored): StoredTensor => {
    const { tensor, pieces } = stored;
    const { split, shape, layers, role } = tensor;
    const isCut = layers !== null || (cutsHead && role === "head");
    if (split === null || !isCut) return stored;
    const own = {
      ...tensor,
      shape: shape.map((size, at) =>
        at === split ? Math.ceil(size / tp) : size
      ),
    };
    const share = elementsOf(own) / elementsOf(tensor);
    return {
      ...stored,
      tensor: own,
      pieces: pieces.map((piece) => ({
        ...piece,
        bytes: Math.ceil(piece.bytes * share),
      })),
    };
  });
  return {
    tensors: cut,
    model: {
      ...model,
      tensors: cut.map(({ tensor }) => tensor),
      architecture: {
        ...architecture,
        attention_heads: Math.ceil(architecture.attention_heads / tp),
        kv_heads: Math.ceil(architecture.kv_heads / tp),
      },
    },
  };
}
