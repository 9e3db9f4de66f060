"""Small decoders of every kind, and what their types see."""

from .scenario import scenario
from .settings import KIN_SETTINGS, SETTINGS

DENSE = {
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "vocab_size": 8000,
    "pad_token_id": 0,
}
EXPERTS = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 384}
LATENT = {
    "q_lora_rank": 192,
    "kv_lora_rank": 128,
    "qk_rope_head_dim": 32,
    "qk_nope_head_dim": 64,
    "v_head_dim": 64,
    "num_key_value_heads": 8,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 384,
    "n_group": 2,
    "topk_group": 1,
    "first_k_dense_replace": 1,
}

# The config of each model type: dimensions away from the others', where a rule
# could hide behind equal numbers.
MODELS = {
    "llama": DENSE,
    "mistral": {**DENSE, "hidden_size": 640, "num_attention_heads": 10, "head_dim": 96},
    "qwen2": {**DENSE, "hidden_size": 896, "num_attention_heads": 14, "tie_word_embeddings": True},
    "qwen3": {**DENSE, "head_dim": 128},
    "gemma": {**DENSE, "head_dim": 128, "num_key_value_heads": 1},
    "gemma2": {**DENSE, "head_dim": 96, "num_hidden_layers": 4, "sliding_window": 256},
    "gemma3_text": {**DENSE, "head_dim": 96, "num_hidden_layers": 6, "sliding_window": 256},
    "phi": {**DENSE, "num_key_value_heads": 8},
    "phi3": DENSE,
    "gpt2": {"n_embd": 384, "n_layer": 3, "n_head": 6, "vocab_size": 8000},
    "gpt_bigcode": {"n_embd": 384, "n_layer": 3, "n_head": 6, "vocab_size": 8000},
    "gpt_neo": {
        "hidden_size": 384,
        "num_layers": 4,
        "num_heads": 6,
        "attention_types": [[["global", "local"], 2]],
        "vocab_size": 8000,
    },
    "gpt_neox": {**DENSE, "num_key_value_heads": 8},
    "gptj": {"n_embd": 512, "n_layer": 3, "n_head": 8, "rotary_dim": 32, "vocab_size": 8000},
    "opt": {
        "hidden_size": 512,
        "ffn_dim": 2048,
        "num_hidden_layers": 3,
        "num_attention_heads": 8,
        "vocab_size": 8000,
        "word_embed_proj_dim": 512,
    },
    "bloom": {"hidden_size": 512, "n_layer": 3, "n_head": 8, "vocab_size": 8000},
    "falcon": {
        "hidden_size": 512,
        "num_hidden_layers": 3,
        "num_attention_heads": 8,
        "vocab_size": 8000,
    },
    "mpt": {"d_model": 512, "n_layers": 3, "n_heads": 8, "vocab_size": 8000},
    "starcoder2": DENSE,
    "stablelm": DENSE,
    "olmo": DENSE,
    "olmo2": {**DENSE, "hidden_size": 768, "num_attention_heads": 12, "num_key_value_heads": 4},
    "cohere": DENSE,
    "cohere2": {**DENSE, "num_hidden_layers": 4, "sliding_window": 256},
    "granite": DENSE,
    "glm": {**DENSE, "head_dim": 64},
    "glm4": {**DENSE, "head_dim": 64},
    "smollm3": {**DENSE, "num_hidden_layers": 4},
    "nemotron": DENSE,
    "mixtral": {**DENSE, "num_local_experts": 8, "num_experts_per_tok": 2},
    "qwen2_moe": {**DENSE, **EXPERTS, "shared_expert_intermediate_size": 768},
    "qwen3_moe": {**DENSE, **EXPERTS, "head_dim": 96, "num_experts_per_tok": 4},
    "olmoe": {**DENSE, "num_experts": 8, "num_experts_per_tok": 2, "intermediate_size": 512},
    "gpt_oss": {
        **DENSE,
        "head_dim": 64,
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
        "intermediate_size": 512,
        "num_hidden_layers": 4,
    },
    "deepseek_v2": {**DENSE, **LATENT},
    "deepseek_v3": {**DENSE, **LATENT},
    "bert": {**DENSE, "architectures": ["BertForMaskedLM"]},
    "roberta": {
        **DENSE,
        "architectures": ["RobertaForMaskedLM"],
        "max_position_embeddings": 1030,
    },
    "t5": {
        "d_model": 512,
        "d_ff": 1024,
        "num_layers": 3,
        "num_heads": 6,
        "d_kv": 64,
        "vocab_size": 8000,
        "decoder_start_token_id": 0,
    },
}

# Types whose code is kin to one of those, and other layouts of some.
KIN = {
    "falcon groups": {
        **MODELS["falcon"],
        "model_type": "falcon",
        "new_decoder_architecture": True,
        "num_kv_heads": 2,
    },
    "apertus": DENSE,
    "arcee": DENSE,
    "codegen": {"n_embd": 512, "n_layer": 3, "n_head": 8, "rotary_dim": 32, "vocab_size": 8000},
    "dots1": {
        **DENSE,
        "n_routed_experts": 8,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 384,
        "n_shared_experts": 1,
        "n_group": 1,
        "topk_group": 1,
        "first_k_dense_replace": 1,
    },
    "ernie4_5": {**DENSE, "head_dim": 64},
    "exaone4": {**DENSE, "num_hidden_layers": 4, "sliding_window": 256},
    "glm4_moe": {
        **DENSE,
        "head_dim": 64,
        "n_routed_experts": 8,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 384,
        "n_shared_experts": 1,
        "first_k_dense_replace": 1,
    },
    "granitemoe": {**DENSE, "num_local_experts": 8, "num_experts_per_tok": 2},
    "helium": {**DENSE, "head_dim": 64},
    "hunyuan_v1_dense": {**DENSE, "head_dim": 64},
    "ministral3": {**DENSE, "head_dim": 64},
    "olmo3": {**DENSE, "num_hidden_layers": 4, "sliding_window": 256},
    "persimmon": {**DENSE, "num_key_value_heads": 8},
    "phimoe": {**DENSE, "num_local_experts": 8, "num_experts_per_tok": 2},
    "seed_oss": {**DENSE, "head_dim": 64},
    "xlm-roberta": {**MODELS["roberta"], "architectures": ["XLMRobertaForMaskedLM"]},
    "camembert": {**MODELS["roberta"], "architectures": ["CamembertForMaskedLM"]},
    "mt5": {**MODELS["t5"], "architectures": ["MT5ForConditionalGeneration"]},
}


def cases(shapes):
    """Each type under every setting, its kin under some."""
    for name, fields, settings in [
        *((name, fields, SETTINGS) for name, fields in MODELS.items()),
        *((name, fields, KIN_SETTINGS) for name, fields in KIN.items()),
    ]:
        config = {"model_type": name, **fields}
        for setting in settings:
            yield f"{name} {setting}", scenario(config, SETTINGS[setting], *next(shapes))
