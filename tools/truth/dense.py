"""Truth of the dense decoders and their mixtures of experts."""

from transformers import AutoModelForCausalLM

from common import write

CAUSAL = AutoModelForCausalLM.from_config

BOTH = [True, False]
SMALL = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
}
FLAGS = {
    "vocab_size": [320, 512],
    "num_hidden_layers": [1, 2, 5],
    "num_key_value_heads": [1, 2, 4],
    "tie_word_embeddings": BOTH,
}
WIDE = FLAGS | {"head_dim": [16, 24]}
BIAS = {"attention_bias": BOTH}
MLP_BIAS = {"mlp_bias": BOTH}
EXPERTS = {"num_experts": [4, 6], "num_experts_per_tok": [1, 2]}
LOCAL = {"num_local_experts": [4, 6], "num_experts_per_tok": [1, 2]}
SPARSE = {
    "decoder_sparse_step": [1, 2],
    "mlp_only_layers": [[], [0]],
    "moe_intermediate_size": [32, 48],
}
DEEPSEEK = {
    "n_routed_experts": [4, 8],
    "num_experts_per_tok": [2],
    "n_group": [1],
    "topk_group": [1],
    "n_shared_experts": [1, 2],
    "first_k_dense_replace": [0, 1],
    "moe_intermediate_size": [32, 48],
}
LATENT = DEEPSEEK | {
    "num_hidden_layers": [1, 2, 4],
    "vocab_size": [320, 512],
    "tie_word_embeddings": BOTH,
    "q_lora_rank": [24, None],
    "kv_lora_rank": [16, 32],
    "qk_nope_head_dim": [16],
    "qk_rope_head_dim": [8],
    "v_head_dim": [16, 24],
    "attention_bias": BOTH,
}


def causal(model_type, choices=FLAGS, base=SMALL):
    return (model_type, CAUSAL, base, choices)


TYPES = [
    causal("llama", WIDE | BIAS | MLP_BIAS),
    causal("mistral", WIDE),
    causal("ministral", WIDE),
    causal("qwen2"),
    causal("qwen3", WIDE | BIAS),
    causal("mixtral", WIDE | LOCAL),
    causal(
        "qwen2_moe",
        FLAGS
        | EXPERTS
        | SPARSE
        | {"shared_expert_intermediate_size": [32, 64], "qkv_bias": BOTH},
    ),
    causal("qwen3_moe", WIDE | BIAS | EXPERTS | SPARSE),
    causal("gemma", WIDE | BIAS),
    causal("gemma2", WIDE | BIAS),
    causal("gemma3_text", WIDE | BIAS),
    causal("granite", FLAGS | BIAS | MLP_BIAS),
    causal("granitemoe", FLAGS | BIAS | LOCAL),
    causal(
        "granitemoeshared",
        FLAGS | BIAS | LOCAL | {"shared_intermediate_size": [0, 48]},
    ),
    causal("smollm3", FLAGS | BIAS | MLP_BIAS),
    causal("olmo", FLAGS | BIAS),
    causal("olmo2", FLAGS | BIAS),
    causal("olmo3", FLAGS | BIAS),
    causal("olmoe", FLAGS | BIAS | EXPERTS),
    causal(
        "phi",
        FLAGS | {"qk_layernorm": BOTH, "partial_rotary_factor": [0.5, 1.0]},
    ),
    causal("phi3"),
    causal("phimoe", FLAGS | BIAS | LOCAL | {"lm_head_bias": BOTH}),
    causal("glm", WIDE | BIAS),
    causal("glm4", WIDE | BIAS),
    causal("glm4_moe", WIDE | BIAS | DEEPSEEK | {"use_qk_norm": BOTH}),
    causal("cohere", FLAGS | BIAS | {"use_qk_norm": BOTH}),
    causal("cohere2", WIDE | BIAS),
    causal("starcoder2", FLAGS | {"use_bias": BOTH}),
    causal(
        "stablelm",
        FLAGS
        | {
            "use_qkv_bias": BOTH,
            "qk_layernorm": BOTH,
            "use_parallel_residual": BOTH,
            "partial_rotary_factor": [0.25, 0.5],
        },
    ),
    causal("seed_oss", WIDE | BIAS | MLP_BIAS | {"attention_out_bias": BOTH}),
    causal("arcee", WIDE | BIAS | MLP_BIAS),
    causal("exaone4", FLAGS),
    causal("helium", WIDE | BIAS | MLP_BIAS),
    causal(
        "nemotron",
        WIDE | BIAS | MLP_BIAS | {"partial_rotary_factor": [0.5, 1.0]},
    ),
    causal("hunyuan_v1_dense", WIDE | BIAS),
    causal("hunyuan_v1_moe", WIDE | BIAS | EXPERTS | {"moe_topk": [1, 2]}),
    causal("ernie4_5", WIDE | {"use_bias": BOTH}),
    causal(
        "ernie4_5_moe",
        FLAGS
        | {
            "use_bias": BOTH,
            "moe_num_experts": [4, 6],
            "moe_k": [2],
            "moe_num_shared_experts": [1, 2],
            "moe_intermediate_size": [32, 48],
            "moe_layer_start_index": [0, 1],
            "moe_layer_interval": [1, 2],
        },
    ),
    causal("dots1", WIDE | BIAS | DEEPSEEK),
    causal("apertus", FLAGS | BIAS),
    causal("bitnet", FLAGS | BIAS),
    causal("gpt_oss", WIDE | BIAS | LOCAL),
    causal("llama4_text", WIDE | BIAS | LOCAL | {
        "intermediate_size_mlp": [80, 112],
        "interleave_moe_layer_step": [1, 2],
    }),
    causal("minimax", WIDE | LOCAL | {"block_size": [32]}),
    causal("minimax_m2", WIDE | LOCAL),
    causal("deepseek_v2", LATENT),
    causal("deepseek_v3", LATENT),
    # The draw of the first ones left all of them tied.
    causal("cohere", FLAGS | BIAS | {"tie_word_embeddings": [False]}),
]

if __name__ == "__main__":
    write("tests/truth/random_dense.json", TYPES)
