"""Truth of the vision-language models, and of CLIP and SigLIP."""

from transformers import (
    AutoModel,
    AutoModelForImageTextToText,
    MllamaForCausalLM,
    Qwen2AudioForConditionalGeneration,
)

from common import write

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
CLIP = TOWER | {"model_type": "clip_vision_model"}
SIGLIP = TOWER | {"model_type": "siglip_vision_model"}
PIXTRAL = TOWER | {"model_type": "pixtral"}
IDEFICS3 = TOWER | {"model_type": "idefics3_vision"}
INTERNVL = TOWER | {"model_type": "internvl_vision"}
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
QWEN2 = TEXT | {"model_type": "qwen2"}
COHERE2 = TEXT | {"model_type": "cohere2", "head_dim": 16}
GEMMA = TEXT | {"model_type": "gemma", "head_dim": 16}
GEMMA2 = TEXT | {"model_type": "gemma2", "head_dim": 16}
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
GLM_VIT = {
    "vision_config.image_size": [56, 112],
    "vision_config.hidden_size": [48, 64],
    "vision_config.attention_bias": [True, False],
    "vision_config.out_hidden_size": [64, 72],
}
GLM_MOE = TEXT | {
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
}
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


def model(text, vision, **more):
    return {"text_config": text, "vision_config": vision} | more


def without(choices, key):
    return {k: v for k, v in choices.items() if k != key}


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

if __name__ == "__main__":
    write("tests/truth/random_vision.json", TYPES)
