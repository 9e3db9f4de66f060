import type { Model } from "../../models/model.ts";

/**
 * A model as one tensor-parallel rank has it: matrices are cut, norms whole. The
 * first rank's part is the largest where rows do not divide.
 *
 * Source: pytorch torch/distributed/tensor/parallel/style.py, ColwiseParallel,
 * RowwiseParallel
 */
export function localModel(model: Model, tp: number): Model {
  if (tp === 1) return model;
  const tensors = model.tensors.map((tensor) => {
    const { split, shape } = tensor;
    return split === null ? tensor : {
      ...tensor,
      shape: shape.map((size, at) =>
        at === split ? Math.ceil(size / tp) : size
      ),
    };
  });
  return { ...model, tensors };
}
