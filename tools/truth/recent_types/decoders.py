"""Decoders with experts and without, of plain attention mostly."""

from .shared import (
    ANY_RANK,
    BIAS,
    DELTA,
    EXPERTS,
    FIRST_DENSE,
    FLAGS,
    LATENT,
    MLA,
    MLP_BIAS,
    ROUTED,
    WIDE,
    causal,
    without,
)

TYPES = [
    causal("ministral3", WIDE),
    causal("solar_open", WIDE | BIAS | ROUTED),
    causal(
        "exaone_moe",
        WIDE | EXPERTS | FIRST_DENSE | {"num_shared_experts": [1, 2]},
    ),
    causal(
        "afmoe",
        WIDE
        | BIAS
        | EXPERTS
        | {"num_dense_layers": [0, 1, 2], "num_shared_experts": [1, 2]},
    ),
    causal("flex_olmo", FLAGS | BIAS | without(EXPERTS, "moe_intermediate_size")),
    causal("jais2", WIDE | BIAS | MLP_BIAS),
    causal("cwm", WIDE | MLP_BIAS),
    causal("vaultgemma", WIDE | BIAS),
    causal("diffllama", FLAGS | BIAS | {"num_key_value_heads": [2, 4]}),
    causal(
        "olmo_hybrid",
        FLAGS
        | BIAS
        | DELTA
        | {
            "linear_num_key_heads": [None, 2, 4],
            "linear_num_value_heads": [4],
            "linear_key_head_dim": [None, 8],
            "linear_value_head_dim": [None, 16],
            "rope_parameters": [
                None,
                {"rope_type": "default", "rope_theta": None},
            ],
        },
    ),
    causal(
        "recurrent_gemma",
        FLAGS | BIAS | {"lru_width": [None, 96], "conv1d_width": [2, 4]},
    ),
]
LATER = [
    causal("hy_v3", WIDE | BIAS | MLP_BIAS | EXPERTS | {"num_shared_experts": [1, 2]}),
    causal(
        "mimo_v2_flash",
        WIDE
        | BIAS
        | {
            "head_dim": [16, 24],
            "v_head_dim": [8, 16],
            "num_hidden_layers": [1, 3, 7],
            "n_routed_experts": [4, 8],
            "num_experts_per_tok": [2],
            "moe_intermediate_size": [32, 48],
        },
    ),
    causal("youtu", LATENT | ANY_RANK, MLA),
    causal("minicpm3", LATENT | ANY_RANK | MLP_BIAS, MLA),
    causal("internlm3", WIDE | BIAS | MLP_BIAS),
    causal("nanochat", FLAGS | BIAS),
    causal(
        "cohere2_moe",
        WIDE
        | BIAS
        | {
            "num_experts": [4, 6],
            "num_experts_per_tok": [2],
            "num_shared_experts": [0, 1, 2],
            "first_k_dense_replace": [0, 1],
            "prefix_dense_intermediate_size": [None, 80],
        },
    ),
]
