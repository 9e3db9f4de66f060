import type { StoredModel, StoredTensor } from "../formats/stored_model.ts";
import { bytesOfOne } from "../formats/total.ts";
import type { Architecture } from "../models/architecture.ts";
import type { Model } from "../models/model.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { LayerStage } from "./stages.ts";
import { layersIn } from "./stages.ts";

/** How an engine deals parameters out. */
export interface Dealing {
  /** Rows of embeddings and heads are padded to a multiple of this. */
  readonly vocabularyRows: number;
}

/**
 * The bytes of parameters that a rank of tensor parallelism holds of a stage:
 * what is cut divided, key and value heads repeated where ranks are more than
 * heads, embeddings padded.
 *
 * Source: vllm-project/vllm model_executor/layers/linear.py, QKVParallelLinear, and
 * vocab_parallel_embedding.py; sgl-project/sglang has the same
 */
export function rankWeights(
  { model, checkpoint, mesh }: {
    readonly model: Model;
    readonly checkpoint: StoredModel;
    readonly mesh: Pick<Mesh, "tp">;
  },
  stage: LayerStage,
  { vocabularyRows }: Dealing,
): number {
  let bytes = 0;
  for (const stored of checkpoint.tensors) {
    const copies = copiesIn(stored, stage, model.architecture);
    if (copies === 0) continue;
    bytes += Math.ceil(
      bytesOfOne(stored) * paddedBy(stored, vocabularyRows) *
        shareOf(stored, model.architecture, mesh.tp),
    ) * copies;
  }
  return bytes;
}

/** How often a stage has a tensor; towers stand before the first layer. */
function copiesIn(
  { tensor }: StoredTensor,
  stage: LayerStage,
  { tie_embeddings }: Architecture,
): number {
  const { layers, piece, role, name } = tensor;
  if (piece === "language_model" && layers !== null) {
    return layersIn(layers, stage);
  }
  if (layers !== null) {
    return stage.isFirst ? layersIn(layers, { from: 0, to: Infinity }) : 0;
  }
  if (role === "head") return stage.isLast ? 1 : 0;
  if (role === "embedding") {
    return stage.isFirst || (stage.isLast && tie_embeddings) ? 1 : 0;
  }
  // The norm before the head is all that stands alone after the layers.
  if (role === "norm" && /(?:^|\.)(?:final_|ln_f|norm)/.test(name)) {
    return stage.isLast ? 1 : 0;
  }
  return stage.isFirst ? 1 : 0;
}

function paddedBy({ tensor }: StoredTensor, rows: number): number {
  if (tensor.role !== "embedding" && tensor.role !== "head") return 1;
  if (tensor.layers !== null || tensor.split === null) return 1;
  const [height = 1] = tensor.shape;
  return Math.ceil(height / rows) * rows / height;
}

/** The share of a tensor that a rank holds. */
function shareOf(
  { tensor }: StoredTensor,
  { kv_heads }: Architecture,
  tp: number,
): number {
  if (tp === 1) return 1;
  if (tensor.split === null) return tensor.expert ? 1 / tp : 1;
  const { role } = tensor;
  return (role === "k" || role === "v") && kv_heads < tp
    ? 1 / Math.max(1, kv_heads)
    : 1 / tp;
}
