"""Other encoders: of pages, of sound, Q-Formers, and CLIP and SigLIP alone."""

from transformers import (
    AutoModel,
    MllamaForCausalLM,
    Qwen2AudioForConditionalGeneration,
)

from .shared import (
    DECODER,
    HEAD_FLAG,
    LLAMA,
    LLAVA,
    PIXTRAL,
    QWEN2,
    TEXT,
    TOWER,
    VISION,
    VIT,
    model,
)

OPT = TEXT | {
    "model_type": "opt",
    "ffn_dim": 96,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
}
OPT_FLAGS = {
    "text_config.tie_word_embeddings": [True, False],
    "text_config.word_embed_proj_dim": [64, 48],
    "text_config.do_layer_norm_before": [True, False],
    "text_config.enable_bias": [True, False],
    "text_config.num_hidden_layers": [1, 3],
}
T5 = {
    "model_type": "t5",
    "vocab_size": 320,
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 96,
    "num_layers": 2,
    "num_heads": 4,
    "feed_forward_proj": "gated-gelu",
}
QFORMER = {
    "qformer_config": {
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
    },
}
BLIP2 = {
    "num_query_tokens": [8, 16],
    "qformer_config.num_hidden_layers": [2, 3, 5],
    "qformer_config.cross_attention_frequency": [1, 2, 3],
    "qformer_config.use_qformer_text_input": [True, False],
    "vision_config.qkv_bias": [True, False],
}

TYPES = [
    (
        "got_ocr2",
        VISION,
        model(QWEN2, TOWER | {"image_size": 64, "patch_size": 16}),
        DECODER
        | {
            "vision_config.hidden_size": [48, 72],
            "vision_config.mlp_dim": [80, 96],
            "vision_config.output_channels": [16, 24],
            "vision_config.num_hidden_layers": [1, 3],
            "vision_config.image_size": [64, 128],
            "vision_config.window_size": [2, 0],
            "vision_config.global_attn_indexes": [[1], [0, 2]],
            "vision_config.qkv_bias": [True, False],
            "vision_config.use_abs_pos": [True, False],
            "vision_config.use_rel_pos": [True, False],
        },
    ),
    (
        "qwen2_audio",
        Qwen2AudioForConditionalGeneration,
        {"text_config": QWEN2, "audio_config": {"encoder_attention_heads": 4}},
        DECODER
        | {
            "audio_config.d_model": [48, 64],
            "audio_config.encoder_layers": [1, 3],
            "audio_config.encoder_ffn_dim": [80, 96],
            "audio_config.num_mel_bins": [16, 20],
            "audio_config.max_source_positions": [20, 40],
        },
    ),
    ("blip-2", VISION, model(OPT, TOWER, **QFORMER), VIT | BLIP2 | OPT_FLAGS),
    ("blip-2", VISION, model(T5, TOWER, **QFORMER), VIT | BLIP2),
    ("vipllava", VISION, model(LLAMA, PIXTRAL), DECODER | VIT | LLAVA),
    ("video_llava", VISION, model(LLAMA, PIXTRAL), DECODER | VIT | LLAVA),
    (
        "mllama_text_model",
        MllamaForCausalLM,
        TEXT | {"cross_attention_layers": [1]},
        {
            "num_hidden_layers": [2, 5],
            "cross_attention_layers": [[1], [0, 1]],
            "num_key_value_heads": [1, 2],
            "tie_word_embeddings": [True, False],
        },
    ),
    (
        "clip",
        AutoModel.from_config,
        model(
            TEXT,
            TOWER,
        ),
        VIT
        | {
            "projection_dim": [32, 40],
            "text_config.num_hidden_layers": [1, 4],
            "text_config.max_position_embeddings": [20, 77],
        },
    ),
    (
        "siglip",
        AutoModel.from_config,
        model(TEXT, TOWER),
        VIT
        | HEAD_FLAG
        | {
            "text_config.projection_size": [64, 48],
            "text_config.num_hidden_layers": [1, 4],
            "text_config.max_position_embeddings": [20, 64],
        },
    ),
]
