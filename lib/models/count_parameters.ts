import type { Architecture } from "./architecture.ts";

/** How many parameters a model has, and how many of them one token uses. */
export interface ParameterCount {
  total: number;
  active: number;
}

/**
 * Counts a decoder's parameters by the formula of the llama family: embedding,
 * query, key, value and output projections, MLP or experts with their router,
 * two norms a layer, a last norm, and the head unless it is tied. Biases,
 * learned positions and vision towers are not in it, so the count of another
 * family is approximate.
 *
 * Source: the module shapes of `LlamaForCausalLM` and `MixtralForCausalLM` in
 * huggingface/transformers.
 */
export function countParameters(architecture: Architecture): ParameterCount {
  const a = architecture;
  const attention = a.hidden_size * a.head_dim *
    (2 * a.attention_heads + 2 * a.kv_heads);
  const norms = 2 * a.hidden_size;
  const projections = a.gated_mlp ? 3 : 2;
  const mlp = projections * a.hidden_size * a.intermediate_size;
  const expert = projections * a.hidden_size * a.expert_intermediate_size;
  const shared = projections * a.hidden_size *
    a.shared_expert_intermediate_size;
  const router = a.hidden_size * a.experts;
  const sparseLayers = a.experts > 0
    ? Math.max(0, a.layers - a.dense_layers)
    : 0;
  const denseLayers = a.layers - sparseLayers;
  const embeddings = a.vocab_size * a.hidden_size * (a.tie_embeddings ? 1 : 2);

  const outside = embeddings + a.hidden_size + a.layers * (attention + norms) +
    denseLayers * mlp + sparseLayers * (router + shared);
  return {
    total: outside + sparseLayers * a.experts * expert,
    active: outside +
      sparseLayers * Math.min(a.experts_per_token, a.experts) * expert,
  };
}
