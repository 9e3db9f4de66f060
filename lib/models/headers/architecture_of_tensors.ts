import type { Architecture } from "../architecture.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf } from "../tensors/tensor.ts";
import type { HeaderTensor } from "./header_tensor.ts";

/** Dimensions that were read off tensors, and what they leave open. */
export interface ReadDimensions {
  architecture: Architecture;
  /** In words, such as "its heads"; what is missing is 0. */
  unknown: string[];
}

/**
 * Reads a decoder's dimensions off its tensors. The width of a head shows where
 * heads have norms of their own or rotary frequencies are stored, the number of
 * heads where each has a sink; else no shape tells them apart.
 *
 * @param headers The same tensors as they are stored, buffers included.
 */
export function architectureOfTensors(
  tensors: readonly Tensor[],
  headers: readonly HeaderTensor[],
): ReadDimensions {
  const text = tensors.filter(({ piece }) =>
    piece === "language_model" || piece === "embeddings" || piece === "lm_head"
  );
  const find = (test: (tensor: Tensor) => boolean): readonly number[] | null =>
    text.find(test)?.shape ?? null;
  const table = find(({ role }) => role === "embedding");
  const [vocabulary = 1, hidden = 1] = table ?? [];
  const rows = (role: Tensor["role"]): number =>
    find((tensor) =>
      tensor.role === role && tensor.shape.length === 2 &&
      !/(^|\.)q_a/.test(tensor.name)
    )?.[0] ?? 0;
  const heads = headsOf(text, headers, { q: rows("q"), k: rows("k") });
  const experts = expertsOf(text);
  const gated = text.some(({ role }) => role === "gate" || role === "gate_up");
  const up = find(({ role, expert }) => role === "up" && !expert);
  const joined = find(({ role, expert }) => role === "gate_up" && !expert);
  const wide = up?.[0] ?? (joined ? Math.floor((joined[0] ?? 0) / 2) : null);
  const positions = find(({ role }) => role === "position");
  return {
    architecture: {
      type: "unknown",
      layers: text.reduce((most, each) => Math.max(most, lastLayer(each)), 1),
      hidden_size: hidden,
      ...heads,
      intermediate_size: wide ?? (experts.expert_intermediate_size ||
        4 * hidden),
      vocab_size: vocabulary,
      tie_embeddings: !text.some(({ role }) => role === "head"),
      gated_mlp: gated,
      ...experts,
      experts_per_token: 0,
      shared_expert_intermediate_size: 0,
      dense_layers: experts.experts > 0 ? denseLayers(text) : 0,
      max_position_embeddings: positions?.[0] ?? null,
      vision: null,
    },
    unknown: [
      ...(table ? [] : ["its vocabulary and width"]),
      ...(heads.head_dim > 0 ? [] : ["its attention heads"]),
      ...(experts.experts > 0 ? ["how many experts a token uses"] : []),
      ...(positions ? [] : ["its context length"]),
    ],
  };
}

function headsOf(
  tensors: readonly Tensor[],
  headers: readonly HeaderTensor[],
  { q, k }: { q: number; k: number },
): Pick<Architecture, "attention_heads" | "kv_heads" | "head_dim"> {
  const norm = tensors.find(({ name }) => /\.q_norm\.weight$/.test(name));
  const rotary = headers.find(({ name }) => /rotary_emb\.inv_freq$/.test(name));
  const sinks = tensors.find(({ name }) => /\.sinks$/.test(name))?.shape[0];
  const width = (sinks ? q / sinks : null) ??
    (norm?.shape.length === 1 ? norm.shape[0] : null) ??
    2 * (rotary?.shape[0] ?? 0);
  const isWhole = width > 0 && q > 0 && q % width === 0 && k % width === 0;
  return isWhole
    ? { attention_heads: q / width, kv_heads: k / width, head_dim: width }
    : { attention_heads: 0, kv_heads: 0, head_dim: 0 };
}

function expertsOf(
  tensors: readonly Tensor[],
): Pick<Architecture, "experts" | "expert_intermediate_size"> {
  const down = tensors.find(({ expert, role, shape }) =>
    expert && role === "down" && shape.length === 3
  );
  if (!down) return { experts: 0, expert_intermediate_size: 0 };
  return {
    experts: down.shape[0] ?? 0,
    expert_intermediate_size: down.shape[down.split ?? 2] ?? 0,
  };
}

/** Layers with an MLP that no expert has, beside those with experts. */
function denseLayers(tensors: readonly Tensor[]): number {
  const plain = tensors.filter(({ role, expert, name }) =>
    role === "down" && !expert && !/shared/.test(name)
  );
  return plain.reduce((sum, tensor) => sum + layersOf(tensor), 0);
}

function layersOf(tensor: Tensor): number {
  return tensor.layers === null ? 0 : copiesOf(tensor);
}

/** One after the last layer that has the tensor. */
function lastLayer({ layers }: Tensor): number {
  return (layers ?? []).reduce((most, [, to]) => Math.max(most, to), 0);
}
