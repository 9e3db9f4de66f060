"""Gemma since 3n.

Gemma 3n's vision tower comes of timm; without it, its entries are left out.
"""

from .shared import BIAS, BOTH, SMALL, WIDE, causal, text, vision, without

SLIDING, FULL = "sliding_attention", "full_attention"
GEMMA3N = WIDE | BIAS | {
    "num_hidden_layers": [4],
    "layer_types": [
        [SLIDING, FULL, SLIDING, FULL],
        [FULL, SLIDING, SLIDING, FULL],
        [SLIDING, SLIDING, SLIDING, SLIDING],
    ],
    "intermediate_size": [96, [64, 96, 96, 128]],
    "num_kv_shared_layers": [0, 1, 2],
    "vocab_size_per_layer_input": [256, 300],
    "hidden_size_per_layer_input": [8, 12],
    "altup_num_inputs": [2, 4],
    "laurel_rank": [8, 16],
}
GEMMA4_UNIFIED = WIDE | BIAS | {
    "num_hidden_layers": [4],
    "layer_types": [
        [SLIDING, FULL, SLIDING, FULL],
        [FULL, SLIDING, SLIDING, FULL],
        [FULL, FULL, FULL, FULL],
        None,
    ],
    "num_kv_shared_layers": [0, 0, 1, 2],
    "global_head_dim": [16, 32],
    "num_global_key_value_heads": [None, 1],
    "attention_k_eq_v": BOTH,
    "use_double_wide_mlp": BOTH,
}
GEMMA4 = GEMMA4_UNIFIED | {
    "vocab_size_per_layer_input": [256, 300],
    "hidden_size_per_layer_input": [0, 8, 12],
    "enable_moe_block": BOTH,
    "num_experts": [4, 6],
    "top_k_experts": [2],
    "moe_intermediate_size": [32, 48],
}


def at_full(count, change, key=str):
    """Changes to each layer that attends to all tokens, by its number."""
    full = [at for at in range(count) if (at + 1) % 6 == 0 or at == count - 1]
    return {key(at): change for at in full}


def at_sliding(count, change, key=str):
    full = at_full(count, change)
    return {key(at): change for at in range(count) if str(at) not in full}


def per_layer(count, *keys):
    """A config of so many layers, of which some say what sets them apart."""
    return {
        "num_hidden_layers": [count],
        "num_key_value_heads": [2, 4],
        "head_dim": [16, 24],
        "global_head_dim": [48],
        "num_global_key_value_heads": [None, 1],
        "num_kv_shared_layers": [0, 5],
        "attention_k_eq_v": BOTH,
        "use_double_wide_mlp": BOTH,
        "attention_bias": BOTH,
        "hidden_size_per_layer_input": [0],
        "per_layer_config": [
            {},
            None,
            *(
                made(count, change, key)
                for key in keys
                for made, change in [
                    (at_full, {"head_dim": 32}),
                    (at_full, {"head_dim": 40, "num_key_value_heads": 1}),
                    (at_full, {"num_key_value_heads": 1}),
                    (at_sliding, {"head_dim": 8, "num_key_value_heads": 1}),
                ]
            ),
        ],
    }


GEMMA4_VIT = {
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "head_dim": 12,
    "position_embedding_size": 20,
}
GEMMA4_SENSES = {
    "vision_config": [
        None,
        GEMMA4_VIT | {"num_hidden_layers": 2, "use_clipped_linears": True},
        GEMMA4_VIT | {"num_hidden_layers": 1, "standardize": True},
        GEMMA4_VIT | {"num_hidden_layers": 3, "patch_size": 8},
    ],
    "audio_config": [
        None,
        {
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "output_proj_dims": 40,
        },
        {
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "conv_kernel_size": 3,
            "subsampling_conv_channels": [16, 8],
            "use_clipped_linears": False,
        },
    ],
}
UNIFIED_SENSES = {
    "vision_config": [
        None,
        {"mm_embed_dim": 24, "mm_posemb_size": 20, "output_proj_dims": 24},
        {
            "mm_embed_dim": 32,
            "mm_posemb_size": 10,
            "output_proj_dims": 32,
            "patch_size": 8,
            "pooling_kernel_size": 2,
        },
    ],
    "audio_config": [None, {"audio_embed_dim": 20}, {"audio_embed_dim": 32}],
}
TYPES = [
    causal("gemma3n_text", GEMMA3N),
    causal("gemma4_text", GEMMA4),
    causal("gemma4_unified_text", GEMMA4_UNIFIED),
    vision("gemma4", text(GEMMA4) | GEMMA4_SENSES, {"text_config": SMALL}),
    vision(
        "gemma4_unified",
        text(GEMMA4_UNIFIED) | UNIFIED_SENSES,
        {"text_config": SMALL},
    ),
]
HEARING = [
    # Needs timm, whose MobileNet is its vision tower.
    vision(
        "gemma3n",
        text(GEMMA3N)
        | {
            "audio_config.hidden_size": [32, 64],
            "audio_config.conf_num_hidden_layers": [1, 2],
            "audio_config.conf_num_attention_heads": [2, 4],
            "audio_config.conf_conv_kernel_size": [3, 5],
            "audio_config.conf_attention_chunk_size": [4, 12],
            "audio_config.sscp_conv_channel_size": [[16, 8], [32, 16]],
        },
        {"text_config": SMALL},
    ),
]
PER_LAYER = [
    # As transformers writes them, with padded numbers, and as people may.
    causal("gemma4_text", without(per_layer(13, str), "per_layer_config")),
    (*causal("gemma4_text", per_layer(13, str, "{:02}".format)), True),
    (*causal("gemma4_text", per_layer(13, "{:04}".format, " {}".format)), True),
    (*causal("gemma4_unified_text", per_layer(14, "{:02}".format)), True),
    (*causal("gemma4_text", per_layer(102, "{:03}".format)), True),
    (
        *vision(
            "gemma4",
            text(per_layer(13, str, "{:02}".format))
            | {"vision_config": [None], "audio_config": [None]},
            {"text_config": SMALL},
        ),
        True,
    ),
]
