"""Dimensions and flags that several of the types have."""

from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

CAUSAL = AutoModelForCausalLM.from_config
VISION = AutoModelForImageTextToText.from_config
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
    "bos_token_id": 1,
    "eos_token_id": 2,
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
EXPERTS = {
    "num_experts": [4, 6],
    "num_experts_per_tok": [1, 2],
    "moe_intermediate_size": [32, 48],
}
ROUTED = {
    "n_routed_experts": [4, 8],
    "num_experts_per_tok": [2],
    "n_group": [1],
    "topk_group": [1],
    "n_shared_experts": [1, 2],
    "moe_intermediate_size": [32, 48],
}
FIRST_DENSE = {"first_k_dense_replace": [0, 1, 2]}
# Every head of latent attention has keys of its own.
MLA = SMALL | {"num_key_value_heads": 4}
LATENT = {
    "vocab_size": [320, 512],
    "num_hidden_layers": [1, 2, 5],
    "tie_word_embeddings": BOTH,
    "q_lora_rank": [24, 40],
    "kv_lora_rank": [16, 32],
    "qk_nope_head_dim": [16],
    "qk_rope_head_dim": [8],
    "v_head_dim": [16, 24],
    "attention_bias": BOTH,
}
ANY_RANK = {"q_lora_rank": [24, None]}
DELTA = {
    "linear_conv_kernel_dim": [2, 4],
    "linear_key_head_dim": [8, 16],
    "linear_value_head_dim": [16, 24],
    "linear_num_key_heads": [2, 4],
    "linear_num_value_heads": [4, 8],
}


def causal(model_type, choices=FLAGS, base=SMALL):
    return (model_type, CAUSAL, base, choices)


def vision(model_type, choices, base):
    return (model_type, VISION, base, choices)


def text(choices):
    return {
        key if key == "tie_word_embeddings" else f"text_config.{key}": values
        for key, values in choices.items()
    } | {"text_config.tie_word_embeddings": BOTH}


def without(base, *keys):
    return {key: value for key, value in base.items() if key not in keys}
