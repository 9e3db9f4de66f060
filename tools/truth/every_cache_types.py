"""What single types need to be built and run by every_cache.py."""

import torch

# No cache of tokens: transducers, and composites of models that each have theirs.
SKIPPED = {"bark", "parakeet_rnnt", "parakeet_tdt", "nemotron3_5_asr", "nemotron_asr_streaming"}

# Sizes that decide a cache.
VARIED = {
    "num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers", "num_decoder_layers",
    "num_key_value_heads", "num_attention_heads", "head_dim", "d_kv", "n_head", "num_heads", "decoder_attention_heads",
    "hidden_size", "sliding_window", "attention_window_size", "attention_chunk_size", "kv_lora_rank",
    "qk_rope_head_dim", "v_head_dim", "index_head_dim", "d_model", "n_embd",
    "mamba_d_state", "mamba_d_conv", "mamba_expand", "mamba_n_heads", "mamba_d_head", "mamba_n_groups", "state_size",
    "conv_kernel", "conv_kernel_size", "ssm_state_size", "expand", "n_groups", "linear_conv_kernel_dim", "linear_key_head_dim",
    "linear_value_head_dim", "linear_num_key_heads", "linear_num_value_heads", "conv_L_cache", "lru_width", "conv1d_width",
    "num_kv_heads", "global_head_dim", "num_global_key_value_heads", "swa_num_key_value_heads", "swa_head_dim",
}


def _of(**fields):
    return {"config": fields}


def _turned(**fields):
    return {"config": fields, "follows": ["layer_types", "mlp_layer_types"]}


def _listed(**fields):
    """A type whose layers' kinds stand in a list alone."""
    if "text_config" in fields:
        return {"config": fields, "follows": [], "depth": fields["text_config"]["num_hidden_layers"]}
    depth = len(fields["layer_types"])
    return {"config": fields | {"num_hidden_layers": depth}, "follows": [], "depth": depth}


def _recurrent_blocks(model, layers):
    """RecurrentGemma's blocks keep their states themselves, beside the cache."""
    blocks = [layer.temporal_block for layer in model.model.layers]
    for at, block in enumerate(blocks):
        if hasattr(block, "rg_lru"):
            layers[at] = {
                "class": type(block).__name__,
                "conv_states": [list(block.conv1d_state.shape[1:])],
                "recurrent_states": [list(block.rg_lru.recurrent_states.shape[1:])],
                "types": {"recurrent_states": [str(block.rg_lru.recurrent_states.dtype).removeprefix("torch.")]},
            }
    return layers


_PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
_BY_KIND = {"full_attention": None, "sliding_attention": _PLAIN | {"mrope_section": [24, 20, 20]}}
_SECTIONS = {"rope_parameters": _PLAIN | {"mrope_section": [24, 20, 20]}, "head_dim": 128}
_QSA = {
    "indexer_n_heads": 4, "indexer_kv_heads": 1, "indexer_head_dim": 256, "indexer_budget": 512,
    "indexer_compress_ratio": 4,
}

TWEAKS = {name: _of(is_decoder=True) for name in (
    "bert", "bert-generation", "camembert", "data2vec-text", "electra", "ernie", "roberta", "roberta-prelayernorm",
    "roc_bert", "xlm-roberta", "xlm-roberta-xl", "megatron-bert", "rembert", "roformer", "big_bird", "reformer",
)}
TWEAKS |= {
    "Emu3ForCausalLM": {"text": True},
    "Llama4ForCausalLM": {"text": True},
    "Qwen3_5ForCausalLM": {"text": True},
    "Qwen3_5MoeForCausalLM": {"text": True},
    "Qwen4ExpForCausalLM": {"text": True},
    "Dots3NoteForCausalLM": {"text": True},
    "MusicgenForCausalLM": {"text": True},
    "MusicgenMelodyForCausalLM": {"text": True},
    "minimax": {"own": True},
    "recurrent_gemma": {"modules": _recurrent_blocks},
    "blip": {"inside": ["text_decoder"], "own": True},
    "blip-2": {"inside": ["language_model"]},
    "instructblip": {"inside": ["language_model"]},
    "instructblipvideo": {"inside": ["language_model"]},
    "qwen2_5_omni": {"inside": ["thinker"]},
    "qwen3_omni_moe": {"part": "thinker_config", "class": "Qwen3OmniMoeThinkerForConditionalGeneration"},
    "deepseek_ocr2": _listed(text_config={"num_hidden_layers": 4, "mlp_layer_types": ["dense"] + ["sparse"] * 3, "num_experts_per_tok": 2}),
    "flaubert": {"nothing": True},
    "jetmoe": {
        "device": "cpu",
        "config": {
            "hidden_size": 64, "num_hidden_layers": 3, "num_key_value_heads": 2, "num_attention_heads": 4, "kv_channels": 16,
            "intermediate_size": 64, "num_local_experts": 4, "vocab_size": 100, "pad_token_id": 0,
        },
    },
    "moonshine_streaming": _of(num_key_value_heads=8),
    "openai-gpt": {"nothing": True},
    "pp_formulanet": {"pair": True},
    "xlm": {"nothing": True},
    "aya_vision": _of(vision_config={"model_type": "siglip_vision_model", "num_attention_heads": 16}),
    "bamba": _of(attn_layer_indices=[3, 9, 18]),
    "chameleon": _of(vocabulary_map={"<image>": 4}),
    "cohere_asr": {"read": 1280},
    "cohere_compass": _turned(text_config={"rope_parameters": _BY_KIND}),
    "cohere_compass_text": _turned(rope_parameters=_BY_KIND),
    "dbrx": _of(attn_config={"rope_theta": 1e4, "kv_n_heads": 4, "clip_qkv": 8}),
    "deepseek_v2": _of(num_experts_per_tok=6),
    "dia": {"books": 9},
    "dots1": _of(n_routed_experts=8, n_shared_experts=1, num_experts_per_tok=2, n_group=1, topk_group=1),
    "emu3": _of(vocabulary_map={"<image>": 4}),
    "fast_vlm": {"decoder": "Qwen2ForCausalLM"},
    "gemma3n": {"decoder": "Gemma3nForCausalLM"},
    "glm46v": _turned(text_config=_SECTIONS),
    "glm4v": _turned(text_config=_SECTIONS),
    "glm4v_moe": _turned(text_config=_SECTIONS),
    "glmga": _turned(text_config=_SECTIONS),
    "granite4_vision": {"decoder": "GraniteForCausalLM"},
    "granitemoehybrid": _listed(layer_types=["linear_attention", "linear_attention", "full_attention"] * 4),
    "hunyuan_v1_dense": _of(rope_parameters=_PLAIN, head_dim=128),
    "hunyuan_v1_moe": _of(rope_parameters=_PLAIN, head_dim=128),
    "hunyuan_vl": _turned(text_config={"rope_parameters": _PLAIN | {"mrope_section": [16, 16, 16, 16]}, "head_dim": 128}),
    "kosmos-2": {"inside": ["text_model"]},
    "lfm2_moe": _listed(layer_types=["conv", "conv", "full_attention"] * 4),
    "minimax_m3_vl": _listed(
        text_config={"num_hidden_layers": 6, "layer_types": ["full_attention"] * 2 + ["minimax_m3_sparse"] * 4},
    ),
    "minimax_m3_vl_text": _listed(layer_types=["full_attention"] * 2 + ["minimax_m3_sparse"] * 4),
    "ministral": _of(rope_parameters=_PLAIN, head_dim=128),
    "musicgen": {"read": 512, "books": 4, "flat": True},
    "musicgen_melody": {"books": 4, "flat": True},
    "nemotron": _of(num_key_value_heads=8),
    "perception_lm": {"decoder": "LlamaForCausalLM"},
    "qwen4_exp": _of(text_config=_QSA),
    "qwen4_exp_text": _of(**_QSA),
    "step3p7": _of(text_config={"sliding_window": 512}),
    "idefics": {
        "inputs": {
            "image_encoder_embeddings": lambda: torch.empty((1, 1, 5, 768), dtype=torch.bfloat16),
            "image_attention_mask": lambda: torch.ones((1, 8, 1), dtype=torch.bool),
        },
    },
    "gemma4_assistant": {"config": {"text_config": {"hidden_size_per_layer_input": 0}}},
    "kyutai_speech_to_text": {"books": 33},
    "voxtral_realtime": {
        "inputs": {"encoder_inputs_embeds": lambda: torch.empty((1, 32, 1280), dtype=torch.bfloat16)},
    },
    "xmod": _of(is_decoder=True, default_language="en_XX"),
}
