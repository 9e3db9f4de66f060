"""Attention beside convolutions or state spaces."""

from .shared import (
    BIAS,
    BOTH,
    EXPERTS,
    FLAGS,
    MLP_BIAS,
    ROUTED,
    SMALL,
    WIDE,
    causal,
    without,
)

TYPES = [
    causal(
        "lfm2",
        FLAGS
        | {
            "conv_bias": BOTH,
            "conv_L_cache": [2, 3],
            "block_multiple_of": [16, 32],
            "block_ffn_dim_multiplier": [1.0, 1.3],
            "block_auto_adjust_ff_dim": BOTH,
            "full_attn_idxs": [[], [0], [0, 1, 4]],
        },
    ),
    causal(
        "lfm2_moe",
        without(FLAGS, "num_hidden_layers")
        | EXPERTS
        | {
            "num_hidden_layers": [3],
            "conv_bias": BOTH,
            "conv_L_cache": [2, 3],
            "num_dense_layers": [0, 1, 3],
            "use_expert_bias": BOTH,
            "layer_types": [
                ["conv", "full_attention", "conv"],
                ["full_attention", "conv", "conv"],
            ],
        },
    ),
    causal(
        "nemotron_h",
        without(WIDE, "num_hidden_layers")
        | BIAS
        | MLP_BIAS
        | {
            "layers_block_type": [
                ["mamba", "moe", "attention", "mlp"],
                ["mamba", "mlp", "mamba", "mlp", "attention", "mlp"],
                ["moe", "mamba"],
            ],
            "ssm_state_size": [8, 16],
            "mamba_num_heads": [4, 8],
            "mamba_head_dim": [8, 16],
            "n_groups": [1, 2],
            "conv_kernel": [2, 4],
            "use_conv_bias": BOTH,
            "use_bias": BOTH,
            "moe_shared_expert_intermediate_size": [32, 64],
            "moe_latent_size": [None, 24],
        }
        | without(ROUTED, "n_shared_experts"),
        without(SMALL, "num_hidden_layers"),
    ),
    causal(
        "granitemoehybrid",
        without(FLAGS, "num_hidden_layers")
        | BIAS
        | {
            "num_hidden_layers": [3],
            "num_local_experts": [0, 4, 6],
            "num_experts_per_tok": [2],
            "shared_intermediate_size": [48, 64],
            "position_embedding_type": ["rope", None],
            "layer_types": [
                None,
                ["mamba", "attention", "mamba"],
                ["attention", "attention", "attention"],
            ],
            "mamba_n_heads": [4, 8],
            "mamba_n_groups": [1, 2],
            "mamba_d_state": [8, 16],
            "mamba_d_conv": [2, 4],
            "mamba_expand": [1, 2],
            "mamba_conv_bias": BOTH,
            "mamba_proj_bias": BOTH,
        },
    ),
    causal(
        "falcon_h1",
        WIDE
        | BIAS
        | MLP_BIAS
        | {
            "mamba_d_ssm": [None, 64, 96],
            "mamba_n_heads": [4, 8],
            "mamba_n_groups": [1, 2],
            "mamba_d_state": [8, 16],
            "mamba_d_conv": [2, 4],
            "mamba_expand": [1, 2],
            "mamba_conv_bias": BOTH,
            "mamba_proj_bias": BOTH,
            "mamba_rms_norm": BOTH,
            "projectors_bias": BOTH,
        },
    ),
]
# What these two mean by silence is not what they mean by null.
SILENT = [
    (
        *causal(
            "falcon_h1",
            {"mamba_n_heads": [4, 8], "mamba_d_state": [8, 16]},
        ),
        True,
    ),
    (
        *causal(
            "olmo_hybrid",
            {
                "rope_parameters": [
                    None,
                    {"rope_type": "default"},
                    {"rope_type": "default", "rope_theta": None},
                    {"rope_type": "default", "rope_theta": 500000.0},
                ],
            },
            SMALL | {"num_hidden_layers": 4, "linear_num_value_heads": 4},
        ),
        True,
    ),
]
