"""Vision-language models."""

from .shared import (
    ANY_RANK,
    BIAS,
    BOTH,
    FIRST_DENSE,
    FLAGS,
    LATENT,
    MLA,
    ROUTED,
    SMALL,
    WIDE,
    causal,
    text,
    vision,
    without,
)

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

TYPES = [
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
]
LATER = [
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
]
