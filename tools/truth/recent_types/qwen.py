"""Qwen since the hybrids."""

from .shared import BIAS, DELTA, EXPERTS, SMALL, WIDE, causal, text, vision, without

QWEN = WIDE | BIAS | DELTA | {
    "num_hidden_layers": [1, 3, 5],
    "full_attention_interval": [1, 2, 4],
}
SHARED = EXPERTS | {"shared_expert_intermediate_size": [32, 64]}
QWEN_VIT = {
    "vision_config.depth": [1, 2],
    "vision_config.hidden_size": [32, 48],
    "vision_config.intermediate_size": [64, 80],
    "vision_config.patch_size": [8, 16],
    "vision_config.num_position_embeddings": [16, 64],
}
QWEN_TOWER = {"num_heads": 4, "out_hidden_size": 64}

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
]
