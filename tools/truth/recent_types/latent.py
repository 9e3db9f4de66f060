"""Latent attention, sparse attention and their experts."""

from transformers import Mistral4ForCausalLM

from .shared import (
    ANY_RANK,
    BOTH,
    FIRST_DENSE,
    LATENT,
    MLA,
    ROUTED,
    SMALL,
    causal,
    without,
)

INDEXER = {"index_n_heads": [2, 4], "index_head_dim": [16, 24]}

TYPES = [
    causal("deepseek_v32", LATENT | ROUTED | INDEXER | FIRST_DENSE, MLA),
    causal(
        "glm_moe_dsa",
        LATENT
        | ROUTED
        | INDEXER
        | FIRST_DENSE
        | {"index_topk_freq": [1, 2, 3], "index_skip_topk_offset": [1, 2]},
        MLA,
    ),
    causal("glm4_moe_lite", LATENT | ROUTED | ANY_RANK, MLA),
    # It is only ever the decoder of Mistral 3, so no auto class builds it.
    (
        "mistral4",
        Mistral4ForCausalLM,
        MLA,
        LATENT | ROUTED | ANY_RANK | FIRST_DENSE,
    ),
    causal(
        "kimi_linear",
        LATENT
        | ANY_RANK
        | {
            "linear_head_dim": [16, 24],
            "linear_num_heads": [2, 4],
            "linear_conv_kernel_dim": [2, 4],
            "num_local_experts": [4, 6],
            "n_shared_experts": [1, 2],
            "moe_intermediate_size": [32, 48],
            "first_k_dense_replace": [0, 1],
        },
        MLA,
    ),
    causal(
        "longcat_flash",
        without(LATENT, "num_hidden_layers")
        | {
            "num_layers": [1, 2, 3],
            "ffn_hidden_size": [96, 128],
            "expert_ffn_hidden_size": [32, 48],
            "n_routed_experts": [4, 8],
            "zero_expert_num": [0, 2],
            "moe_topk": [2],
            "head_dim": [8],
        },
        without(MLA, "num_hidden_layers", "intermediate_size"),
    ),
    causal(
        "deepseek_v4",
        {
            "vocab_size": [320, 512],
            "num_hidden_layers": [1, 3, 5],
            "tie_word_embeddings": BOTH,
            "moe_intermediate_size": [32, 48],
            "head_dim": [32, 64],
            "q_lora_rank": [24, 40],
            "num_experts_per_tok": [2],
            "n_routed_experts": [4, 8],
            "hc_mult": [2, 4],
            "o_groups": [2, 4],
            "o_lora_rank": [16, 24],
            "mlp_bias": BOTH,
            "num_hash_layers": [0, 1, 2],
            "compress_rates": [
                {
                    "compressed_sparse_attention": 4,
                    "heavily_compressed_attention": 16,
                }
            ],
            "compress_ratios": [[0, 0, 4, 128, 4], None],
        }
        | INDEXER,
        without(SMALL, "num_key_value_heads", "intermediate_size")
        | {"num_key_value_heads": 1},
    ),
]
