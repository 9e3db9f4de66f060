import type { Architecture } from "../../models/architecture.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import type { RankLayout } from "./weights/rank_shape.ts";

/** A forward of the profile run. */
export interface ProfiledBatch {
  readonly tokens: number;
  readonly sequences: number;
  readonly elementBytes: number;
}

/**
 * Bytes that one layer's tensors take at its widest instant: the residual stream
 * stands, and either queries, keys, values and what attention made of them, or an
 * MLP's gate, up and their product, or what goes into a state space.
 *
 * Source: vllm-project/vllm 0.33 v1/worker/gpu/model_runner.py, profile_run, which
 * skips attention itself; model_executor/layers/activation.py, SiluAndMul
 */
export function bodyPeakBytes(
  architecture: Architecture,
  tensors: readonly Tensor[],
  { tp }: RankLayout,
  { tokens, elementBytes }: ProfiledBatch,
): number {
  const { attention_heads, kv_heads, head_dim, hidden_size } = architecture;
  const attention = (2 * attention_heads + 2 * kv_heads) * head_dim;
  const isDense = architecture.experts === 0 || architecture.dense_layers > 0;
  const width = isDense
    ? architecture.intermediate_size
    : architecture.shared_expert_intermediate_size;
  const products = architecture.gated_mlp ? 3 : 2;
  const widest = Math.max(
    attention,
    products * width,
    stateInputs(tensors),
  );
  return Math.ceil(tokens * elementBytes * (2 * hidden_size + widest / tp));
}

/** Features that go into a layer's state space: of its widest input, and once more. */
function stateInputs(tensors: readonly Tensor[]): number {
  return tensors.reduce(
    (widest, { role, shape, split, module }) =>
      role === "ssm" && split === 0 && module === "linear"
        ? Math.max(widest, 2 * (shape[0] ?? 0))
        : widest,
    0,
  );
}

/**
 * Bytes of the workspace that experts compute in, which stands from the first
 * forward on: the rows of all chosen experts, as wide as their gates with ups, and
 * as what comes of them. Ranks of data parallelism see the tokens of all.
 *
 * Source: vllm-project/vllm 0.33
 * model_executor/layers/fused_moe/experts/triton_moe.py, workspace_shapes
 */
export function expertWorkspaceBytes(
  architecture: Architecture,
  { expertTp }: RankLayout,
  dp: number,
  { tokens, elementBytes }: ProfiledBatch,
): number {
  const { experts, experts_per_token, hidden_size } = architecture;
  if (experts === 0) return 0;
  const width = architecture.expert_intermediate_size / expertTp;
  const pair = architecture.gated_mlp ? 2 : 1;
  return Math.round(
    tokens * dp * experts_per_token * elementBytes *
      (Math.max(width, hidden_size) + Math.max(pair * width, hidden_size)),
  );
}

/** Bytes of a number of a vocabulary's row that the sampler makes in fp32. */
const SAMPLED = 3 * 4;

/**
 * Bytes that sampling takes at its widest: each sequence's logits in the model's type,
 * a copy in fp32, what is left of the likeliest, and their probabilities.
 *
 * Source: vllm-project/vllm 0.33 v1/worker/gpu/model_runner.py, _dummy_sampler_run;
 * v1/worker/gpu/sample/sampler.py; flashinfer sampling.py,
 * top_k_top_p_sampling_from_logits
 */
export function samplerPeakBytes(
  { vocab_size, hidden_size }: Architecture,
  { tokens, sequences, elementBytes }: ProfiledBatch,
): number {
  const rows = Math.min(sequences, tokens);
  return rows * vocab_size * (elementBytes + SAMPLED) +
    tokens * hidden_size * elementBytes;
}

/**
 * Bytes that the sampler holds of every sequence: how often each word came, and which
 * words the prompt has.
 *
 * Source: vllm-project/vllm 0.33 v1/worker/gpu/sample/penalties.py
 */
export function samplerStateBytes(
  { vocab_size }: Architecture,
  sequences: number,
): number {
  return sequences * 4 * (vocab_size + Math.ceil(vocab_size / 32));
}
