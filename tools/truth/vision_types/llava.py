"""LLaVA and its kin: plain towers before decoders of others."""

from .shared import (
    DECODER,
    HEADS,
    INTERNVL,
    LLAMA,
    LLAMA_FLAGS,
    LLAVA,
    MISTRAL,
    PIXTRAL,
    TEXT,
    TIES,
    TOWER,
    VISION,
    VIT,
    model,
)

EXPERTS = TEXT | {
    "num_local_experts": 4,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 48,
}
KIN = [
    TEXT | {"model_type": kind}
    for kind in [
        "phi",
        "phi3",
        "qwen3",
        "cohere",
        "cohere2",
        "granite",
        "smollm3",
        "glm",
        "glm4",
        "olmo2",
        "stablelm",
        "starcoder2",
        "ministral3",
    ]
] + [
    EXPERTS | {"model_type": kind}
    for kind in ["mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss"]
]


def ratios(tiles):
    """The aspect ratios of images of at most so many tiles."""
    return [[w, h] for w in range(1, tiles + 1) for h in range(1, tiles // w + 1)]


TYPES = [
    ("llava", VISION, model(LLAMA, PIXTRAL), DECODER | VIT | LLAMA_FLAGS | LLAVA),
    ("llava", VISION, model(MISTRAL, PIXTRAL), DECODER | VIT | HEADS | LLAVA),
    ("llava", VISION, model({}, PIXTRAL), {"text_config": KIN} | TIES | VIT),
    ("internvl", VISION, model({}, INTERNVL), {"text_config": KIN} | TIES | VIT),
    ("mistral3", VISION, model({}, PIXTRAL), {"text_config": KIN} | TIES | VIT),
    ("llava_next", VISION, model(MISTRAL, PIXTRAL), DECODER | VIT | HEADS | LLAVA),
    (
        "mllama",
        VISION,
        model(
            TEXT | {"cross_attention_layers": [1, 3], "num_hidden_layers": 5},
            TOWER | {"vision_output_dim": 96, "num_global_layers": 2},
        ),
        TIES
        | VIT
        | {
            "text_config.num_hidden_layers": [4, 5, 7],
            "text_config.cross_attention_layers": [[1, 3], [0], [1, 2]],
            "text_config.num_key_value_heads": [1, 2, 4],
            "vision_config.num_global_layers": [1, 3],
            "vision_config.vision_output_dim": [96, 144],
        },
    ),
    (
        "mllama",
        VISION,
        model(
            TEXT | {"cross_attention_layers": [0, 2]},
            TOWER
            | {"max_num_tiles": 6, "supported_aspect_ratios": ratios(6)}
            | {"vision_output_dim": 96, "num_global_layers": 2},
        ),
        TIES | VIT,
    ),
    (
        "idefics2",
        VISION,
        model(
            MISTRAL,
            TOWER,
            perceiver_config={"hidden_size": 64, "resampler_n_heads": 4},
        ),
        DECODER
        | VIT
        | HEADS
        | {
            "perceiver_config.resampler_n_latents": [8, 16],
            "perceiver_config.resampler_depth": [1, 3],
            "perceiver_config.resampler_head_dim": [16, 24],
            "perceiver_config.num_key_value_heads": [1, 2, 4],
        },
    ),
    (
        "idefics3",
        VISION,
        model(LLAMA, TOWER),
        DECODER | VIT | LLAMA_FLAGS | {"scale_factor": [2, 3]},
    ),
    (
        "smolvlm",
        VISION,
        model(LLAMA, TOWER),
        DECODER | VIT | LLAMA_FLAGS | {"scale_factor": [2, 4]},
    ),
    (
        "mistral3",
        VISION,
        model(MISTRAL, PIXTRAL),
        DECODER | VIT | HEADS | LLAVA | {"spatial_merge_size": [2, 3]},
    ),
]
