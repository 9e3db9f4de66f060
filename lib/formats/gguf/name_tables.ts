import type { GgufPlace } from "./gguf_model.ts";

/**
 * What llama.cpp calls the modules of a layer, by their names in it: "attn_q" for
 * "self_attn.q_proj". Of a fused module that the converter takes apart, see
 * parts.ts.
 *
 * Source: llama.cpp gguf-py/gguf/tensor_mapping.py.
 */
export const OF_LAYERS: readonly (readonly [of: RegExp, name: string])[] = [
  [
    /^(self_attn|attn|attention|mixer|attn\.attention)\.(q_proj|wq|query|q_lin)$/,
    "attn_q",
  ],
  [
    /^(self_attn|attn|attention|mixer|attn\.attention)\.(k_proj|wk|key|k_lin)$/,
    "attn_k",
  ],
  [
    /^(self_attn|attn|attention|mixer|attn\.attention)\.(v_proj|wv|value|v_lin)$/,
    "attn_v",
  ],
  [/^attention\.self\.query$/, "attn_q"],
  [/^attention\.self\.key$/, "attn_k"],
  [/^attention\.self\.value$/, "attn_v"],
  [
    /^(self_attn|attn|mixer|attention|self_attention|norm_attn_norm\.attn)\.(qkv_proj|query_key_value|c_attn|Wqkv)$/,
    "attn_qkv",
  ],
  [/^linear_attn\.in_proj_qkv$/, "attn_qkv"],
  [/^linear_attn\.in_proj_z$/, "attn_gate"],
  [/^self_attn\.(gate_proj|g_proj)$/, "attn_gate"],
  [
    /^(self_attn|attn|attention|self_attention|attn\.attention|norm_attn_norm\.attn)\.(o_proj|out_proj|c_proj|dense|wo|Wo|out_lin)$/,
    "attn_output",
  ],
  [/^mixer\.o_proj$/, "attn_output"],
  [/^attention\.output\.dense$/, "attn_output"],
  [/^self_attn\.q_a_proj$/, "attn_q_a"],
  [/^self_attn\.q_b_proj$/, "attn_q_b"],
  [/^self_attn\.kv_a_proj_with_mqa$/, "attn_kv_a_mqa"],
  [/^self_attn\.kv_b_proj$/, "attn_kv_b"],
  [/^self_attn\.q_a_layernorm$/, "attn_q_a_norm"],
  [/^self_attn\.kv_a_layernorm$/, "attn_kv_a_norm"],
  [/^self_attn\.indexer\.wq_b$/, "indexer.attn_q_b"],
  [/^self_attn\.indexer\.wk$/, "indexer.attn_k"],
  [/^self_attn\.indexer\.k_norm$/, "indexer.k_norm"],
  [/^self_attn\.indexer\.weights_proj$/, "indexer.proj"],
  [/^self_attn\.(sinks|attention_sink_bias)$/, "attn_sinks"],
  [
    /^(mlp|moe|feed_forward|block_sparse_moe|mixer|ffn)\.(gate|router|router\.layer|gate\.wg|router\.gate|primary_router)$/,
    "ffn_gate_inp",
  ],
  [/^router\.(proj|layer)$/, "ffn_gate_inp"],
  [/^layer\.\d\.SelfAttention\.([qkvo])$/, "attn_$1"],
  [/^layer\.\d\.EncDecAttention\.([qkvo])$/, "cross_attn_$1"],
  [/^layer\.\d\.SelfAttention\.relative_attention_bias$/, "attn_rel_b"],
  [/^layer\.\d\.DenseReluDense\.wi_0$/, "ffn_gate"],
  [/^layer\.\d\.DenseReluDense\.wi(_1)?$/, "ffn_up"],
  [/^layer\.\d\.DenseReluDense\.wo$/, "ffn_down"],
  [
    /^(mlp|feed_forward|block_sparse_moe|moe)\.shared_expert_gate$/,
    "ffn_gate_inp_shexp",
  ],
  [
    /(^|\.)(e_score_correction|expert)$/,
    "exp_probs_b",
  ],
  [/(^|\.)experts\.gate_up_proj$/, "ffn_gate_up_exps"],
  [/(^|\.)experts\.(gate_proj|w1)$/, "ffn_gate_exps"],
  [/(^|\.)experts\.(up_proj|w3)$/, "ffn_up_exps"],
  [
    /(^|\.)(experts\.(down_proj|w2)|block_sparse_moe\.output_linear)$/,
    "ffn_down_exps",
  ],
  [/^block_sparse_moe\.input_linear$/, "ffn_gate_up_exps"],
  [/^shared_mlp\.input_linear$/, "ffn_gate_up_shexp"],
  [/^shared_mlp\.output_linear$/, "ffn_down_shexp"],
  [/(^|\.)shared_experts?\.gate_up_proj$/, "ffn_gate_up_shexp"],
  [
    /(^|\.)(shared_experts?|shared_mlp|share_expert)\.gate_proj$/,
    "ffn_gate_shexp",
  ],
  [/(^|\.)(shared_experts?|shared_mlp|share_expert)\.up_proj$/, "ffn_up_shexp"],
  [
    /(^|\.)(shared_experts?|shared_mlp|share_expert)\.down_proj$/,
    "ffn_down_shexp",
  ],
  [/^mixer\.fc1_latent_proj$/, "ffn_latent_down"],
  [/^mixer\.fc2_latent_proj$/, "ffn_latent_up"],
  [/^(mlp|feed_forward|ffn)\.(gate_proj|w1|c_fc_0|c_fc2|ff_proj)$/, "ffn_gate"],
  [
    /^(mlp|feed_forward|ffn|mixer)\.(up_proj|gate_up_proj|w3|fc1|c_fc|c_fc_1|dense_h_to_4h|fc_in|Wi)$/,
    "ffn_up",
  ],
  [/^(fc1|intermediate\.dense)$/, "ffn_up"],
  [
    /^(mlp|feed_forward|ffn|mixer)\.(down_proj|w2|fc2|c_proj|dense_4h_to_h|fc_out|Wo)$/,
    "ffn_down",
  ],
  [/^(fc2|output\.dense)$/, "ffn_down"],
  [/^(mamba|mixer|linear_attn)\.(in_proj|in_proj_qkvz)$/, "ssm_in"],
  [/^(mamba|mixer)\.x_proj$/, "ssm_x"],
  [
    /^(mamba|mixer|linear_attn|self_attn)\.(forget_gate\.)?(dt_proj|dt)$/,
    "ssm_dt",
  ],
  [/^(mamba|mixer|linear_attn)\.out_proj$/, "ssm_out"],
  [/^(mamba|mixer|linear_attn|self_attn)\.conv1d$/, "ssm_conv1d"],
  [/^(mamba|mixer|linear_attn|self_attn)\.(forget_gate\.)?A_log$/, "ssm_a"],
  [/^(mamba|mixer)\.D$/, "ssm_d"],
  [/^mamba\.(dt|b|c)_layernorm$/, "ssm_$1_norm"],
  [/^(mamba|mixer|linear_attn)\.norm$/, "ssm_norm"],
  [/^linear_attn\.in_proj_ba$/, "ssm_ba"],
  [/^linear_attn\.in_proj_a$/, "ssm_alpha"],
  [/^linear_attn\.in_proj_b$/, "ssm_beta"],
  [/^self_attn\.([qkv])_conv1d$/, "ssm_conv1d_$1"],
  [/^self_attn\.(forget_gate\.)?([fg])_([ab])_proj$/, "ssm_$2_$3"],
  [/^self_attn\.b_proj$/, "ssm_beta"],
  [/^self_attn\.o_norm$/, "ssm_norm"],
  [/^self_attn\.indexer\.([qk])_proj$/, "indexer.$1_proj"],
  [/^conv\.in_proj$/, "shortconv.in_proj"],
  [/^conv\.out_proj$/, "shortconv.out_proj"],
  [/^conv\.conv$/, "shortconv.conv"],
  [
    /^(self_attn|attention|attn)\.(q_norm|q_layernorm|query_layernorm|q_ln)$/,
    "attn_q_norm",
  ],
  [
    /^(self_attn|attention|attn)\.(k_norm|k_layernorm|key_layernorm|k_ln)$/,
    "attn_k_norm",
  ],
  [/^per_layer_input_gate$/, "inp_gate"],
  [/^per_layer_projection$/, "proj"],
  [/^altup\.correction_coefs$/, "altup_correct_coef"],
  [/^altup\.prediction_coefs$/, "altup_predict_coef"],
  [/^altup\.modality_router$/, "altup_router"],
  [/^altup\.correct_output_scale$/, "altup_correct_scale"],
  [/^laurel\.linear_left$/, "laurel_l"],
  [/^laurel\.linear_right$/, "laurel_r"],
  [/^layer_scalar$/, "layer_output_scale"],
  [
    /^(input_layernorm|attention_layernorm|ln_1|norm_1|operator_norm|ln_mlp|ln|norm)$/,
    "attn_norm",
  ],
  [/^layer\.0\.layer_norm$/, "attn_norm"],
  [/^ln_attn$/, "attn_norm_2"],
  [
    /^(pre_feedforward_layernorm|pre_ff_layernorm|pre_mlp_layernorm|feedforward_layernorm|post_attention_layernorm|ln_2|norm_2|ffn_norm)$/,
    "ffn_norm",
  ],
  [/^layer\.2\.layer_norm$/, "ffn_norm"],
  [/^pre_feedforward_layernorm_2$/, "pre_ffw_norm_2"],
  [/^post_self_attn_layernorm$/, "post_attention_norm"],
  [/^post_(feedforward|mlp)_layernorm$/, "post_ffw_norm"],
  [/^post_feedforward_layernorm_([12])$/, "post_ffw_norm_$1"],
  [/^post_per_layer_input_norm$/, "post_norm"],
  [/^attention\.output\.LayerNorm$/, "attn_output_norm"],
  [/^output\.LayerNorm$/, "layer_output_norm"],
  [/^altup\.router_norm$/, "altup_router_norm"],
  [/^laurel\.post_laurel_norm$/, "laurel_post_norm"],
];

/** Names that GGUF files have of their own, of models that are read from one. */
export const OWN =
  /^(attn|cross_attn|ffn|ssm|shortconv|indexer|time_mix|channel_mix|nextn|altup|laurel|post|layer|inp|proj|exp|hc)[_.a-z0-9]*$/;

/** The same of what stands once, and where llama.cpp has it. */
export const ONCE:
  readonly (readonly [of: RegExp, name: string, place: GgufPlace])[] = [
    [
      /(^|\.)(embed_tokens_per_layer|per_layer_token_embd)$/,
      "per_layer_token_embd",
      "input",
    ],
    [
      /(^|\.)(per_layer_model_projection|per_layer_model_proj)$/,
      "per_layer_model_proj",
      "layer",
    ],
    [
      /(^|\.)(per_layer_projection_norm|per_layer_proj_norm)$/,
      "per_layer_proj_norm",
      "layer",
    ],
    [/(^|\.)altup_proj(ections(\.(N|\d+))?)?$/, "altup_proj", "output"],
    [
      /(^|\.)altup_(unembed_projections(\.(N|\d+))?|unembd_proj)$/,
      "altup_unembd_proj",
      "output",
    ],
    [
      /(^|\.)(wpe|position_embeddings|embed_positions|position_embd)$/,
      "position_embd",
      "input",
    ],
    [/(^|\.)(token_type_embeddings|token_types)$/, "token_types", "input"],
    [/^encoder\.final_layer_norm$/, "enc.output_norm", "output"],
    [/^decoder\.final_layer_norm$/, "dec.output_norm", "output"],
    [
      /(^|\.)(word_embeddings_layernorm|embeddings\.LayerNorm|embeddings\.norm|emb_ln)$/,
      "token_embd_norm",
      "layer",
    ],
    // LFM2 calls its last norm after the embedding.
    [/(^|\.)(embedding_norm|token_embd_norm)$/, "token_embd_norm", "output"],
    [
      /(^|\.)(lm_head|embed_out|output_layer|word_embeddings_for_head|output)$/,
      "output",
      "output",
    ],
    [
      /(^|\.)(embed_tokens|wte|word_embeddings|embed_in|embeddings?|tok_embeddings|shared|token_embd)$/,
      "token_embd",
      "input",
    ],
  ];
