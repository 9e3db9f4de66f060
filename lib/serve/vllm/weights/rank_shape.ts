import type { Architecture } from "../../../models/architecture.ts";
import type { Tensor } from "../../../models/tensors/tensor.ts";
import { headsOnRank } from "../../cache_bytes.ts";

/** How many ways vLLM parts a model's matrices. */
export interface RankLayout {
  readonly tp: number;
  /** Ranks that experts are dealt out to whole. */
  readonly ep: number;
  /** Ranks that each expert is parted over. */
  readonly expertTp: number;
}

/**
 * Rows that tables of a vocabulary are padded to.
 *
 * Source: vllm-project/vllm 0.33
 * model_executor/layers/vocab_parallel_embedding.py, DEFAULT_VOCAB_PADDING_SIZE
 */
const VOCABULARY_PADDING = 64;

/** What a rank holds of a tensor. */
export interface RankShape {
  /** Elements of it; for all experts that it holds. */
  readonly elements: number;
  /** Experts that it holds, by all; 1 for what is none. */
  readonly experts: number;
  /** Which dimension is parted, and which share of it the rank has. */
  readonly axis: number | null;
  readonly share: number;
}

/** What a rank of tensor and expert parallelism holds of a tensor. */
export function rankShapeOf(
  tensor: Tensor,
  architecture: Architecture,
  { tp, ep, expertTp }: RankLayout,
): RankShape {
  const { shape, expert, split } = tensor;
  const all = shape.reduce((product, size) => product * size, 1);
  if (expert && shape[0] === architecture.experts) {
    const share = split === null || split === 0
      ? 1
      : shareOf(shape[split] ?? 1, expertTp);
    return { elements: all * share / ep, experts: 1 / ep, axis: split, share };
  }
  const axis = axisOf(tensor, architecture);
  if (axis === null) return { elements: all, experts: 1, axis, share: 1 };
  const size = shape[axis] ?? 1;
  const share = isVocabulary(tensor)
    ? padded(size) / tp / size
    : headShare(tensor, architecture, size, tp) ?? shareOf(size, tp);
  return { elements: Math.round(all * share), experts: 1, axis, share };
}

/** The share of a dimension that one of so many ranks has. */
function shareOf(size: number, ranks: number): number {
  return Math.ceil(size / ranks) / size;
}

/**
 * The two matrices between a tower and its language model. Transformers' plan has
 * them whole.
 *
 * Source: vllm-project/vllm 0.33 model_executor/models/qwen2_vl.py,
 * Qwen2VisionPatchMerger; qwen3_vl.py, Qwen3_VisionPatchMerger; llava.py,
 * LlavaMultiModalProjector
 */
const INTO_BRIDGE =
  /(merger(_list\.\d+)?\.(mlp\.0|linear_fc1)|multi_modal_projector\.linear_1)\.(weight|bias)$/;
const OUT_OF_BRIDGE =
  /(merger(_list\.\d+)?\.(mlp\.2|linear_fc2)|multi_modal_projector\.linear_2)\.weight$/;

/** Types whose bridge vLLM has whole too. */
const WHOLE_BRIDGES: ReadonlySet<string> = new Set([
  "internvl",
  "lfm2_vl",
  "llava_next_video",
  "llava_onevision",
]);

/**
 * The dimension that is parted: vLLM parts convolutions by their channels too, and
 * repeats indexers.
 *
 * Source: vllm-project/vllm 0.33 model_executor/layers/mamba;
 * model_executor/models/deepseek_v2.py, Indexer
 */
function axisOf(
  { split, role, piece, name }: Tensor,
  { type }: Architecture,
): number | null {
  if (name.includes(".indexer.")) return null;
  if (split !== null) return split;
  if (role === "conv" && piece === "language_model") return 0;
  if (WHOLE_BRIDGES.has(type)) return null;
  return INTO_BRIDGE.test(name) ? 0 : OUT_OF_BRIDGE.test(name) ? 1 : null;
}

function isVocabulary({ role, piece }: Tensor): boolean {
  return (role === "embedding" && piece !== "vision_tower" &&
    piece !== "audio_tower") || role === "head";
}

function padded(rows: number): number {
  return Math.ceil(rows / VOCABULARY_PADDING) * VOCABULARY_PADDING;
}

/**
 * The share of keys' and values' matrices, whose heads ranks repeat when there are
 * more ranks than heads; null for other matrices.
 */
function headShare(
  { role, piece }: Tensor,
  { kv_heads, attention_heads, head_dim }: Architecture,
  size: number,
  tp: number,
): number | null {
  if (piece !== "language_model" || kv_heads === 0) return null;
  const own = headsOnRank(kv_heads, tp);
  if (role === "k" || role === "v") return own / kv_heads;
  const fused = (attention_heads + 2 * kv_heads) * head_dim;
  return role === "qkv" && size === fused
    ? (attention_heads / tp + 2 * own) * head_dim / fused
    : null;
}
