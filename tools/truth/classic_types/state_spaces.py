"""State spaces, alone and beside attention, and RWKV."""

from .shared import CAUSAL, PLAIN, PLAIN_FLAGS, SWITCH, TIED, VOCAB

SSM = {"vocab_size": 320, "hidden_size": 64, "state_size": 8, "num_hidden_layers": 3}
SSM_FLAGS = VOCAB | TIED | {
    "num_hidden_layers": [1, 2, 5],
    "state_size": [8, 16],
    "expand": [1, 2],
    "conv_kernel": [3, 4],
    "use_bias": SWITCH,
    "use_conv_bias": SWITCH,
}

TYPES = [
    (
        "mamba",
        CAUSAL,
        SSM,
        SSM_FLAGS | {"time_step_rank": ["auto", 6], "intermediate_size": [None, 96]},
    ),
    (
        "mamba2",
        CAUSAL,
        SSM | {"head_dim": 16, "num_heads": 8},
        SSM_FLAGS | {"expand": [2], "n_groups": [1, 2, 4]},
    ),
    ("falcon_mamba", CAUSAL, SSM, SSM_FLAGS | {"time_step_rank": ["auto", 6]}),
    (
        "jamba",
        CAUSAL,
        PLAIN,
        PLAIN_FLAGS
        | {
            "num_hidden_layers": [2, 5, 8],
            "num_attention_heads": [4],
            "num_key_value_heads": [None, 1, 2],
            "num_experts": [1, 4],
            "attn_layer_period": [3, 4],
            "attn_layer_offset": [0, 1, 2],
            "expert_layer_period": [2, 3],
            "expert_layer_offset": [0, 1],
            "mamba_d_state": [8, 16],
            "mamba_expand": [1, 2],
            "mamba_dt_rank": ["auto", 6],
            "mamba_conv_bias": SWITCH,
            "mamba_proj_bias": SWITCH,
        },
    ),
    (
        "bamba",
        CAUSAL,
        PLAIN | {"mamba_n_heads": 8},
        PLAIN_FLAGS
        | {
            "num_hidden_layers": [2, 5],
            "num_attention_heads": [4],
            "num_key_value_heads": [None, 1, 2],
            "attn_layer_indices": [None, [1], [0, 3]],
            "mamba_n_groups": [1, 2],
            "mamba_d_state": [8, 16],
            "mamba_expand": [1, 2],
            "mamba_conv_bias": SWITCH,
            "mamba_proj_bias": SWITCH,
            "attention_bias": SWITCH,
            "mlp_bias": SWITCH,
        },
    ),
    (
        "zamba2",
        CAUSAL,
        PLAIN | {"mamba_d_state": 8},
        PLAIN_FLAGS
        | {
            "num_hidden_layers": [5],
            "num_attention_heads": [4],
            "num_key_value_heads": [None, 2],
            "layers_block_type": [
                ["mamba", "hybrid", "mamba", "hybrid", "hybrid"],
                ["linear_attention", "hybrid", "linear_attention"],
                ["hybrid", "hybrid", "hybrid", "mamba", "hybrid"],
            ],
            "num_mem_blocks": [1, 2],
            "use_shared_attention_adapter": SWITCH,
            "adapter_rank": [8],
            "use_mem_rope": SWITCH,
            "add_bias_linear": SWITCH,
            "use_conv_bias": SWITCH,
            "mamba_ngroups": [1, 2],
        },
    ),
    (
        "rwkv",
        CAUSAL,
        {"vocab_size": 320, "hidden_size": 64, "num_hidden_layers": 3},
        VOCAB
        | TIED
        | {
            "num_hidden_layers": [1, 2, 5],
            "attention_hidden_size": [None, 32],
            "intermediate_size": [None, 96],
        },
    ),
]
