"""Towers before decoders of the same makers."""

from .shared import (
    COHERE2,
    DECODER,
    GEMMA3,
    GEMMA3_FLAGS,
    GEMMA_FLAGS,
    GLM_VIT,
    HEADS,
    INTERNVL,
    LLAMA,
    LLAMA_FLAGS,
    LLAVA,
    PIXTRAL,
    QWEN2,
    QWEN_TOWER,
    QWEN_VIT,
    TEXT,
    TOWER,
    VISION,
    VIT,
    model,
)

IDEFICS3 = TOWER | {"model_type": "idefics3_vision"}
INTERNVL_FLAGS = {
    "vision_config.attention_bias": [True, False],
    "vision_config.use_qk_norm": [True, False],
    "vision_config.use_mask_token": [True, False],
    "vision_config.use_absolute_position_embeddings": [True, False],
    "vision_config.use_mean_pooling": [True, False],
    "vision_config.norm_type": ["layer_norm", "rms_norm"],
    "vision_config.image_size": [56, [56, 112], [112, 112]],
    "vision_config.patch_size": [14, [14, 14]],
}
QWEN3_VIT = QWEN_VIT | {
    "vision_config.num_position_embeddings": [16, 64],
    "vision_config.deepstack_visual_indexes": [[0], [0, 1], []],
    "vision_config.hidden_size": [48, 64],
}
QWEN3_FLAGS = HEADS | {"text_config.attention_bias": [True, False]}
QWEN3_MOE = TEXT | {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
}
GLM_MOE = TEXT | {
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
}

TYPES = [
    (
        "qwen2_vl",
        VISION,
        model(TEXT, QWEN_TOWER | {"embed_dim": 48}),
        DECODER
        | QWEN_VIT
        | {
            "vision_config.embed_dim": [48, 72],
            "vision_config.mlp_ratio": [4, 2],
        },
    ),
    (
        "qwen2_5_vl",
        VISION,
        model(TEXT, QWEN_TOWER),
        DECODER | QWEN_VIT | {"vision_config.hidden_size": [48, 72]},
    ),
    ("qwen3_vl", VISION, model(TEXT, QWEN_TOWER), DECODER | QWEN3_VIT | QWEN3_FLAGS),
    (
        "qwen3_vl_moe",
        VISION,
        model(QWEN3_MOE, QWEN_TOWER),
        DECODER
        | QWEN3_VIT
        | QWEN3_FLAGS
        | {
            "text_config.num_experts": [4, 8],
            "text_config.moe_intermediate_size": [32, 48],
            "text_config.decoder_sparse_step": [1, 2],
            "text_config.mlp_only_layers": [[], [0], [1]],
        },
    ),
    (
        "internvl",
        VISION,
        model(QWEN2, INTERNVL),
        DECODER | VIT | INTERNVL_FLAGS | {"downsample_ratio": [0.5, 0.25]},
    ),
    (
        "internvl",
        VISION,
        model(LLAMA, INTERNVL),
        DECODER | VIT | INTERNVL_FLAGS | LLAMA_FLAGS,
    ),
    ("gemma3", VISION, model(GEMMA3, IDEFICS3), DECODER | VIT | GEMMA3_FLAGS),
    ("llava_onevision", VISION, model(QWEN2, PIXTRAL), DECODER | VIT | LLAVA),
    (
        "aya_vision",
        VISION,
        model(COHERE2, PIXTRAL),
        DECODER
        | VIT
        | GEMMA_FLAGS
        | {"alignment_intermediate_size": [64, 96], "downsample_factor": [2, 3]},
    ),
    (
        "glm4v",
        VISION,
        model(TEXT, QWEN_TOWER | {"image_size": 56}),
        DECODER | QWEN_VIT | GLM_VIT,
    ),
    (
        "glm4v_moe",
        VISION,
        model(GLM_MOE, QWEN_TOWER | {"image_size": 56}),
        DECODER
        | QWEN_VIT
        | GLM_VIT
        | HEADS
        | {
            "text_config.attention_bias": [True, False],
            "text_config.n_routed_experts": [4, 8],
            "text_config.n_shared_experts": [1, 2],
            "text_config.first_k_dense_replace": [0, 1, 2],
            "text_config.partial_rotary_factor": [0.5, 1.0],
        },
    ),
    (
        "cohere2_vision",
        VISION,
        model(COHERE2, PIXTRAL),
        DECODER
        | VIT
        | GEMMA_FLAGS
        | {"alignment_intermediate_size": [64, 96], "downsample_factor": [2, 3]},
    ),
    (
        "lighton_ocr",
        VISION,
        model(TEXT | {"model_type": "qwen3"}, PIXTRAL),
        DECODER | VIT | QWEN3_FLAGS | {"spatial_merge_size": [2, 3]},
    ),
]
