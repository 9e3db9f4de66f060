"""Truth of the families released lately: hybrids, sparse attention, new experts.

Gemma 3n's vision tower comes of timm; without it, its entries are left out.
"""

from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    Mistral4ForCausalLM,
)

from common import write

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
INDEXER = {"index_n_heads": [2, 4], "index_head_dim": [16, 24]}
DELTA = {
    "linear_conv_kernel_dim": [2, 4],
    "linear_key_head_dim": [8, 16],
    "linear_value_head_dim": [16, 24],
    "linear_num_key_heads": [2, 4],
    "linear_num_value_heads": [4, 8],
}
QWEN = WIDE | BIAS | DELTA | {
    "num_hidden_layers": [1, 3, 5],
    "full_attention_interval": [1, 2, 4],
}
SHARED = EXPERTS | {"shared_expert_intermediate_size": [32, 64]}


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


QWEN_VIT = {
    "vision_config.depth": [1, 2],
    "vision_config.hidden_size": [32, 48],
    "vision_config.intermediate_size": [64, 80],
    "vision_config.patch_size": [8, 16],
    "vision_config.num_position_embeddings": [16, 64],
}
QWEN_TOWER = {"num_heads": 4, "out_hidden_size": 64}
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
    causal(
        "qwen3_next",
        QWEN
        | SHARED
        | {"decoder_sparse_step": [1, 2], "mlp_only_layers": [[], [0]]},
    ),
    causal("qwen3_5_text", QWEN),
    causal("qwen3_5_moe_text", QWEN | SHARED, without(SMALL, "intermediate_size")),
    vision(
        "qwen3_5",
        text(QWEN) | QWEN_VIT,
        {"text_config": SMALL, "vision_config": QWEN_TOWER},
    ),
    vision(
        "qwen3_5_moe",
        text(QWEN | SHARED) | QWEN_VIT,
        {
            "text_config": without(SMALL, "intermediate_size"),
            "vision_config": QWEN_TOWER,
        },
    ),
    causal("gemma3n_text", GEMMA3N),
    causal("gemma4_text", GEMMA4),
    causal("gemma4_unified_text", GEMMA4_UNIFIED),
    vision("gemma4", text(GEMMA4) | GEMMA4_SENSES, {"text_config": SMALL}),
    vision(
        "gemma4_unified",
        text(GEMMA4_UNIFIED) | UNIFIED_SENSES,
        {"text_config": SMALL},
    ),
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

VIT = {
    "vision_config.hidden_size": [48, 96],
    "vision_config.intermediate_size": [80, 100],
    "vision_config.num_hidden_layers": [1, 2, 4],
    "vision_config.patch_size": [14, 8],
}
ERNIE_VIT = without(VIT, "vision_config.num_hidden_layers") | {
    "vision_config.depth": [1, 2],
    "vision_config.spatial_merge_size": [1, 2],
    "vision_config.temporal_merge_size": [1, 2],
}
GLM_TOWER = {"model_type": "glm4v_vision", "num_heads": 4}
GLM_VIT = without(VIT, "vision_config.num_hidden_layers") | {
    "vision_config.depth": [1, 2],
    "vision_config.out_hidden_size": [64],
    "vision_config.attention_bias": BOTH,
}
MINIMAX_M3 = WIDE | {
    "num_local_experts": [4, 6],
    "num_experts_per_tok": [2],
    "dense_intermediate_size": [80, 112],
    "shared_intermediate_size": [32, 48],
    "index_n_heads": [2, 4],
    "index_head_dim": [8, 16],
    "num_hidden_layers": [3],
    "layer_types": [
        None,
        ["full_attention", "minimax_m3_sparse", "minimax_m3_sparse"],
    ],
    "mlp_layer_types": [None, ["dense", "sparse", "sparse"]],
    "partial_rotary_factor": [0.5, 1.0],
}
TYPES += [
    causal("minimax_m3_vl_text", MINIMAX_M3),
    vision(
        "minimax_m3_vl",
        text(MINIMAX_M3)
        | VIT
        | {
            "vision_config.spatial_merge_size": [1, 2],
            "projector_hidden_size": [64, 72],
        },
        {"text_config": SMALL, "vision_config": {"num_attention_heads": 4}},
    ),
    vision(
        "ernie4_5_vl_moe",
        text(
            without(FLAGS, "num_key_value_heads")
            | {
                "num_key_value_heads": [1, 2],
                "use_bias": BOTH,
                "moe_num_experts": [4, 6],
                "moe_k": [2],
                "moe_num_shared_experts": [0, 1, 2],
                "moe_intermediate_size": [[32, 16], [48, 24]],
            }
        )
        | ERNIE_VIT,
        {
            # Its rope is made for heads of 128.
            "text_config": SMALL | {"hidden_size": 256, "num_attention_heads": 2},
            "vision_config": {"num_heads": 4},
        },
    ),
    vision(
        "kimi_k25",
        # Null, of no rank, is dropped here, and would read as the default.
        text(LATENT | ROUTED | FIRST_DENSE)
        | VIT
        | {
            "vision_config.pos_emb_time": [2, 4],
            "vision_config.pos_emb_height": [4, 8],
            "vision_config.merge_kernel_size": [[2, 2], [1, 2]],
            "projection_hidden_size": [48, 96],
        },
        {
            "text_config": MLA | {"model_type": "deepseek_v3"},
            "vision_config": {"num_attention_heads": 4},
        },
    ),
    vision(
        "lfm2_vl",
        text(FLAGS | {"conv_bias": BOTH, "full_attn_idxs": [[0], [0, 1, 4]]})
        | VIT
        | {
            "vision_config.vision_use_head": BOTH,
            "vision_config.num_patches": [16, 64],
            "projector_use_layernorm": BOTH,
            "projector_bias": BOTH,
            "projector_hidden_size": [40, 64],
            "downsample_factor": [1, 2],
        },
        {
            "text_config": SMALL | {"model_type": "lfm2"},
            "vision_config": {"num_attention_heads": 4},
        },
    ),
    vision(
        "glm46v",
        text(FLAGS) | GLM_VIT,
        {
            "text_config": SMALL | {"model_type": "glm4v_text"},
            "vision_config": GLM_TOWER,
        },
    ),
    vision(
        "glm46v",
        text(FLAGS | BIAS | ROUTED | FIRST_DENSE) | GLM_VIT,
        {
            "text_config": SMALL | {"model_type": "glm4v_moe_text"},
            "vision_config": GLM_TOWER,
        },
    ),
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
    # What these two mean by silence is not what they mean by null.
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
    vision(
        "mistral3",
        text(LATENT | ROUTED | ANY_RANK | FIRST_DENSE)
        | {"spatial_merge_size": [2, 3]},
        {
            "text_config": MLA | {"model_type": "mistral4"},
            "vision_config": {
                "model_type": "pixtral",
                "hidden_size": 48,
                "intermediate_size": 80,
                "num_hidden_layers": 2,
                "num_attention_heads": 4,
                "image_size": 56,
                "patch_size": 14,
            },
        },
    ),
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

if __name__ == "__main__":
    write("tests/truth/random_recent.json", TYPES)
