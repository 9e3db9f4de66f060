"""Towers of CLIP and SigLIP, and what was released later."""

from .shared import (
    COHERE2,
    DECODER,
    GEMMA3,
    GEMMA3_FLAGS,
    GEMMA_FLAGS,
    GLM_VIT,
    HEADS,
    HEAD_FLAG,
    LLAMA,
    LLAMA_FLAGS,
    LLAVA,
    MISTRAL,
    QWEN2,
    QWEN_TOWER,
    QWEN_VIT,
    TEXT,
    TOWER,
    VISION,
    VIT,
    model,
)

CLIP = TOWER | {"model_type": "clip_vision_model"}
SIGLIP = TOWER | {"model_type": "siglip_vision_model"}
GEMMA = TEXT | {"model_type": "gemma", "head_dim": 16}
GEMMA2 = TEXT | {"model_type": "gemma2", "head_dim": 16}
LLAMA4 = TEXT | {
    "intermediate_size_mlp": 128,
    "num_local_experts": 4,
    "head_dim": 16,
}
LLAMA4_TOWER = TOWER | {
    "intermediate_size": 192,
    "vision_output_dim": 72,
    "projector_input_dim": 72,
    "projector_output_dim": 72,
}


def without(choices, key):
    return {k: v for k, v in choices.items() if k != key}


TYPES = [
    ("llava", VISION, model(LLAMA, CLIP), DECODER | VIT | LLAMA_FLAGS | LLAVA),
    (
        "llava",
        VISION,
        model(LLAMA, SIGLIP),
        DECODER | VIT | LLAMA_FLAGS | LLAVA | HEAD_FLAG,
    ),
    ("vipllava", VISION, model(LLAMA, CLIP), DECODER | VIT | LLAVA),
    ("video_llava", VISION, model(LLAMA, CLIP), DECODER | VIT | LLAVA),
    ("llava_next", VISION, model(MISTRAL, CLIP), DECODER | VIT | HEADS | LLAVA),
    (
        "llava_onevision",
        VISION,
        model(QWEN2, SIGLIP),
        DECODER | VIT | LLAVA | HEAD_FLAG,
    ),
    (
        "aya_vision",
        VISION,
        model(COHERE2, SIGLIP),
        DECODER
        | VIT
        | GEMMA_FLAGS
        | HEAD_FLAG
        | {"alignment_intermediate_size": [64, 96], "downsample_factor": [2, 3]},
    ),
    (
        "cohere2_vision",
        VISION,
        model(COHERE2, SIGLIP),
        DECODER | VIT | HEAD_FLAG | {"alignment_intermediate_size": [64, 96]},
    ),
    (
        "paligemma",
        VISION,
        model(GEMMA, SIGLIP),
        DECODER | VIT | GEMMA_FLAGS | HEAD_FLAG | {"projection_dim": [64, 80]},
    ),
    (
        "paligemma",
        VISION,
        model(GEMMA2, SIGLIP),
        DECODER | VIT | GEMMA_FLAGS | HEAD_FLAG | {"projection_dim": [64, 80]},
    ),
    (
        "gemma3",
        VISION,
        model(GEMMA3, SIGLIP),
        DECODER | VIT | GEMMA3_FLAGS | HEAD_FLAG,
    ),
    (
        "llama4",
        VISION,
        model(LLAMA4, LLAMA4_TOWER),
        DECODER
        | VIT
        | GEMMA_FLAGS
        | {
            "vision_config.intermediate_size": [192],
            "text_config.num_hidden_layers": [2, 3, 6],
            "text_config.interleave_moe_layer_step": [1, 2],
            "text_config.num_local_experts": [2, 4],
        },
    ),
    (
        "glm_ocr",
        VISION,
        model(TEXT, QWEN_TOWER),
        DECODER | HEADS | QWEN_VIT | without(GLM_VIT, "vision_config.image_size"),
    ),
    (
        "exaone4_5",
        VISION,
        model(TEXT | {"model_type": "exaone4"}, QWEN_TOWER),
        DECODER
        | QWEN_VIT
        | {
            "vision_config.hidden_size": [48, 72],
            "vision_config.num_key_value_heads": [1, 2],
        },
    ),
    (
        "llava_next_video",
        VISION,
        model(LLAMA, CLIP),
        DECODER
        | VIT
        | HEADS
        | LLAVA
        | {
            "spatial_pool_mode": ["average", "max", "conv"],
            "spatial_pool_stride": [2, 3],
        },
    ),
]
