import type { Architecture } from "../architecture.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf } from "../tensors/tensor.ts";
import type { GgufValue } from "./gguf_header.ts";

/**
 * Reads a model's dimensions off a GGUF file's metadata, and what it leaves out
 * off the tensors.
 *
 * Source of the keys: ggml-org/ggml docs/gguf.md.
 */
export function architectureOfGguf(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly Tensor[],
): Architecture {
  const stated = metadata["general.architecture"];
  const type = typeof stated === "string" ? stated : "unknown";
  const read = (key: string): number | null =>
    numberOf(metadata[`${type}.${key}`]);
  const embedding = tensors.find(({ role }) => role === "embedding")?.shape ??
    [];
  const hidden = read("embedding_length") ?? embedding[1] ?? 1;
  const heads = read("attention.head_count") ?? 0;
  const experts = read("expert_count") ?? 0;
  const expertWidth = read("expert_feed_forward_length");
  const intermediate = read("feed_forward_length") ?? expertWidth ?? 4 * hidden;
  return {
    type,
    // The last ones may predict tokens ahead: they are no layers of the decoder.
    layers: Math.max(
      1,
      (read("block_count") ??
        tensors.reduce((most, tensor) => Math.max(most, copiesOf(tensor)), 1)) -
        (read("nextn_predict_layers") ?? 0),
    ),
    hidden_size: hidden,
    attention_heads: heads,
    kv_heads: read("attention.head_count_kv") ?? heads,
    head_dim: read("attention.key_length") ??
      (heads > 0 ? Math.floor(hidden / heads) : 0),
    intermediate_size: intermediate,
    vocab_size: read("vocab_size") ?? embedding[0] ?? 1,
    tie_embeddings: !tensors.some(({ role }) => role === "head"),
    gated_mlp: tensors.some(({ role }) =>
      role === "gate" || role === "gate_up"
    ),
    experts,
    experts_per_token: read("expert_used_count") ?? (experts > 0 ? 1 : 0),
    expert_intermediate_size: experts > 0 ? expertWidth ?? intermediate : 0,
    shared_expert_intermediate_size:
      read("expert_shared_feed_forward_length") ??
        (read("expert_shared_count") ?? 0) * (expertWidth ?? 0),
    dense_layers: experts > 0 ? read("leading_dense_block_count") ?? 0 : 0,
    max_position_embeddings: read("context_length"),
    vision: null,
  };
}

/** A number of at least 0; of a list, one a layer, the largest. */
function numberOf(value: GgufValue | undefined): number | null {
  const numbers = typeof value === "number"
    ? [value]
    : Array.isArray(value)
    ? value
    : [];
  const largest = Math.max(-1, ...numbers);
  return Number.isSafeInteger(largest) && largest >= 0 ? largest : null;
}
