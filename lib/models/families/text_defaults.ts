/** Fields of a text_config, which only states what differs from its class. */
type Defaults = Readonly<Record<string, number | boolean>>;

function defaults(
  [vocabulary, hidden, intermediate, layers, heads]: readonly [
    vocabulary: number,
    hidden: number,
    intermediate: number,
    layers: number,
    heads: number,
  ],
  more: Defaults = {},
): Defaults {
  return {
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    ...more,
  };
}

const QWEN2_VL = defaults([152_064, 8_192, 29_568, 80, 64], {
  num_key_value_heads: 8,
});
const QWEN3 = defaults([151_936, 4_096, 22_016, 32, 32], {
  num_key_value_heads: 32,
  head_dim: 128,
});
const GEMMA2 = {
  num_key_value_heads: 4,
  head_dim: 256,
};

/**
 * What a text_config of each `model_type` means where it says nothing.
 *
 * Source: huggingface/transformers models/…/configuration_….py
 */
export const TEXT_DEFAULTS: Readonly<Record<string, Defaults>> = {
  llama: defaults([32_000, 4_096, 11_008, 32, 32]),
  mistral: defaults([32_000, 4_096, 14_336, 32, 32], {
    num_key_value_heads: 8,
  }),
  ministral3: defaults([131_072, 4_096, 14_336, 34, 32], {
    num_key_value_heads: 8,
    head_dim: 128,
  }),
  mistral4: defaults([131_072, 4_096, 12_288, 36, 32], {
    num_key_value_heads: 32,
    q_lora_rank: 1_024,
    kv_lora_rank: 256,
    qk_nope_head_dim: 64,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
    n_routed_experts: 128,
    n_shared_experts: 1,
    moe_intermediate_size: 2_048,
  }),
  mixtral: defaults([32_000, 4_096, 14_336, 32, 32], {
    num_key_value_heads: 8,
    num_local_experts: 8,
  }),
  opt: {
    ...defaults([50_272, 768, 3_072, 12, 12]),
    ffn_dim: 3_072,
    max_position_embeddings: 2_048,
  },
  t5: {
    vocab_size: 32_128,
    d_model: 512,
    d_kv: 64,
    d_ff: 2_048,
    num_layers: 6,
    num_heads: 8,
    relative_attention_num_buckets: 32,
  },
  exaone4: defaults([102_400, 4_096, 16_384, 32, 32], {
    num_key_value_heads: 32,
  }),
  // deepseek-ai/DeepSeek-VL2 deepseek_vl2/models/configuration_deepseek.py
  deepseek_vl_v2: defaults([102_400, 4_096, 11_008, 30, 32], {
    num_key_value_heads: 32,
    q_lora_rank: 1_536,
    kv_lora_rank: 512,
    qk_rope_head_dim: 64,
    qk_nope_head_dim: 128,
    v_head_dim: 128,
    n_routed_experts: 64,
    moe_intermediate_size: 1_407,
  }),
  phi3: defaults([32_064, 3_072, 8_192, 32, 32]),
  qwen2: defaults([151_936, 4_096, 22_016, 32, 32], {
    num_key_value_heads: 32,
  }),
  qwen2_vl_text: QWEN2_VL,
  qwen2_5_vl_text: QWEN2_VL,
  qwen3: QWEN3,
  qwen3_vl_text: QWEN3,
  qwen3_moe: defaults([151_936, 2_048, 6_144, 24, 32], {
    num_key_value_heads: 4,
    moe_intermediate_size: 768,
    num_experts: 128,
  }),
  qwen3_omni_moe_text: defaults([3_584, 2_048, 18_944, 28, 28], {
    num_key_value_heads: 4,
    moe_intermediate_size: 768,
    num_experts: 128,
  }),
  qwen3_vl_moe_text: defaults([151_936, 2_048, 5_632, 24, 16], {
    num_key_value_heads: 16,
    moe_intermediate_size: 1_408,
    num_experts: 60,
  }),
  gemma: defaults([256_000, 3_072, 24_576, 28, 16], {
    num_key_value_heads: 16,
    head_dim: 256,
  }),
  gemma2: defaults([256_000, 2_304, 9_216, 26, 8], GEMMA2),
  gemma3_text: defaults([262_208, 2_304, 9_216, 26, 8], GEMMA2),
  llama4_text: defaults([202_048, 5_120, 8_192, 48, 40], {
    num_key_value_heads: 8,
    head_dim: 128,
    intermediate_size_mlp: 16_384,
    num_local_experts: 16,
    interleave_moe_layer_step: 1,
  }),
  mllama_text_model: defaults([128_256, 4_096, 14_336, 40, 32], {
    num_key_value_heads: 8,
  }),
  // Its heads are as wide as the width and their number make them.
  cohere2: defaults([256_000, 8_192, 22_528, 40, 64]),
  glm4v_text: defaults([151_552, 4_096, 13_696, 40, 32], {
    num_key_value_heads: 2,
  }),
  glm_ocr_text: defaults([59_392, 1_024, 4_096, 16, 16], {
    num_key_value_heads: 8,
  }),
  glm4v_moe_text: defaults([151_424, 4_096, 10_944, 46, 96], {
    num_key_value_heads: 8,
    moe_intermediate_size: 1_408,
    attention_bias: true,
    n_routed_experts: 128,
    n_shared_experts: 1,
    first_k_dense_replace: 1,
  }),
};
