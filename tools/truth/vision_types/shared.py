"""Decoders and towers that several of the types have."""

from transformers import AutoModelForImageTextToText

VISION = AutoModelForImageTextToText.from_config
TEXT = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
}
TIES = {
    "tie_word_embeddings": [True, False],
    "text_config.tie_word_embeddings": [True, False],
}
DECODER = TIES | {
    "text_config.vocab_size": [320, 512],
    "text_config.num_hidden_layers": [1, 2, 5],
    "text_config.num_key_value_heads": [1, 2, 4],
}
HEADS = {"text_config.head_dim": [16, 24]}
TOWER = {
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 56,
    "patch_size": 14,
}
VIT = {
    "vision_config.hidden_size": [48, 72],
    "vision_config.intermediate_size": [80, 100],
    "vision_config.num_hidden_layers": [1, 2, 4],
    "vision_config.image_size": [56, 112, 60],
    "vision_config.patch_size": [14, 8],
    "vision_config.num_channels": [3, 1],
}
PIXTRAL = TOWER | {"model_type": "pixtral"}
INTERNVL = TOWER | {"model_type": "internvl_vision"}
HEAD_FLAG = {"vision_config.vision_use_head": [True, False]}
LLAVA = {
    "vision_feature_layer": [-2, [-1, -2], -1],
    "multimodal_projector_bias": [True, False],
}
LLAMA = TEXT | {"model_type": "llama"}
LLAMA_FLAGS = HEADS | {
    "text_config.attention_bias": [True, False],
    "text_config.mlp_bias": [True, False],
}
MISTRAL = TEXT | {"model_type": "mistral"}
QWEN2 = TEXT | {"model_type": "qwen2"}
COHERE2 = TEXT | {"model_type": "cohere2", "head_dim": 16}
GEMMA3 = TEXT | {"head_dim": 16}
GEMMA_FLAGS = HEADS | {"text_config.attention_bias": [True, False]}
GEMMA3_FLAGS = GEMMA_FLAGS | {"text_config.num_hidden_layers": [1, 5, 7]}
QWEN_TOWER = {
    "depth": 2,
    "hidden_size": 64,
    "intermediate_size": 80,
    "num_heads": 4,
    "patch_size": 14,
    "out_hidden_size": 64,
}
QWEN_VIT = {
    "vision_config.depth": [1, 2, 4],
    "vision_config.in_channels": [3, 1],
    "vision_config.num_heads": [4, 2],
    "vision_config.patch_size": [14, 8],
    "vision_config.temporal_patch_size": [2, 1],
    "vision_config.spatial_merge_size": [2, 3],
}
GLM_VIT = {
    "vision_config.image_size": [56, 112],
    "vision_config.hidden_size": [48, 64],
    "vision_config.attention_bias": [True, False],
    "vision_config.out_hidden_size": [64, 72],
}


def model(text, vision, **more):
    return {"text_config": text, "vision_config": vision} | more
