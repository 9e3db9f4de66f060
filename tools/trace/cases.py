"""The Scenarios that are traced for tests/truth/traced_steps.json."""

VERSIONS = {"model_code": "transformers"}

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

def merged(base, change):
    out = dict(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


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
KIN_SETTINGS = (
    "full bf16",
    "full fp32 autocast",
    "full bf16 sdpa mask",
    "full bf16 checkpointing",
    "lora autocast",
    "full bf16 eager",
    "full fp32 autocast eager mask",
    "lora checkpointing",
    "qlora autocast checkpointing",
)

LORA = {"rank": 16, "alpha": 32, "dropout": 0, "targets": "all-linear", "adapter_dtype": "fp32"}
ALL7 = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
NF4 = {"weights": "nf4-dq", "kbit_upcast": True}

# Changes of the plain case (full bf16, flash, no checkpointing) that each model type sees.
SETTINGS = {
    "full bf16": {},
    "full fp32 autocast": {"precision": {"weights": "fp32", "autocast": "bf16"}},
    "full bf16 sdpa mask": {"train": {"attention": "sdpa", "padding_mask": True}},
    "full bf16 checkpointing": {"train": {"checkpointing": "full"}},
    "lora autocast": {
        "precision": {"autocast": "bf16"},
        "train": {"method": "lora", "lora": LORA},
    },
    "full bf16 eager": {"train": {"attention": "eager"}},
    "full fp32 sdpa": {"precision": {"weights": "fp32"}, "train": {"attention": "sdpa"}},
    "full bf16 sdpa": {"train": {"attention": "sdpa"}},
    "full fp32 autocast eager mask": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"attention": "eager", "padding_mask": True},
    },
    "full fp32 autocast checkpointing": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"checkpointing": "full"},
    },
    "lora checkpointing": {
        "train": {"method": "lora", "lora": LORA, "checkpointing": "full"},
    },
    "lora bf16 adapters eager": {
        "train": {
            "method": "lora",
            "lora": {**LORA, "adapter_dtype": "bf16"},
            "attention": "eager",
        },
    },
    "qlora autocast": {
        "precision": {"autocast": "bf16"},
        "quantization": NF4,
        "train": {"method": "qlora", "lora": LORA},
    },
    "qlora autocast checkpointing": {
        "precision": {"autocast": "bf16"},
        "quantization": NF4,
        "train": {"method": "qlora", "lora": LORA, "checkpointing": "full"},
    },
}


def _lora(**changes):
    return {"method": "lora", "lora": {**LORA, "targets": ALL7, **changes}}


# What one llama-like model sees beyond those.
VARIANTS = {
    "lora": {"train": _lora()},
    "lora default targets": {"train": _lora(targets="default")},
    "lora default targets autocast": {
        "train": _lora(targets="default"),
        "precision": {"autocast": "bf16"},
    },
    "lora dropout": {"train": _lora(dropout=0.05)},
    "lora dropout autocast": {"train": _lora(dropout=0.05), "precision": {"autocast": "bf16"}},
    "lora bf16 adapters": {"train": _lora(adapter_dtype="bf16")},
    "lora bf16 adapters dropout": {"train": _lora(adapter_dtype="bf16", dropout=0.1)},
    "lora bf16 adapters autocast": {
        "train": _lora(adapter_dtype="bf16"),
        "precision": {"autocast": "bf16"},
    },
    "lora dora": {"train": _lora(dora=True)},
    "lora dora autocast": {"train": _lora(dora=True), "precision": {"autocast": "bf16"}},
    "lora modules to save": {"train": _lora(modules_to_save=["lm_head", "embed_tokens"])},
    "lora modules to save autocast": {
        "train": _lora(modules_to_save=["lm_head"]),
        "precision": {"autocast": "bf16"},
    },
    "lora fp32 weights autocast": {
        "train": _lora(),
        "precision": {"weights": "fp32", "autocast": "bf16"},
    },
    "lora fp32": {
        "train": {**_lora(), "attention": "eager"},
        "precision": {"weights": "fp32"},
    },
    "lora autocast checkpointing": {
        "train": {**_lora(), "checkpointing": "full"},
        "precision": {"autocast": "bf16"},
    },
    "lora dropout autocast checkpointing": {
        "train": {**_lora(dropout=0.05), "checkpointing": "full"},
        "precision": {"autocast": "bf16"},
    },
    "lora attention only": {
        "train": _lora(targets=["q_proj", "k_proj", "v_proj", "o_proj"], rank=8),
    },
    "lora sdpa mask autocast": {
        "train": {**_lora(), "attention": "sdpa", "padding_mask": True},
        "precision": {"autocast": "bf16"},
    },
    "qlora single": {
        "train": {**_lora(), "method": "qlora"},
        "precision": {"autocast": "bf16"},
        "quantization": {"weights": "nf4", "kbit_upcast": True},
    },
    "qlora without upcast": {
        "train": {**_lora(), "method": "qlora"},
        "precision": {"autocast": "bf16"},
        "quantization": {"weights": "nf4-dq", "kbit_upcast": False},
    },
    "qlora without upcast checkpointing": {
        "train": {**_lora(), "method": "qlora", "checkpointing": "full"},
        "precision": {"autocast": "bf16"},
        "quantization": {"weights": "nf4-dq", "kbit_upcast": False},
    },
    "qlora without autocast": {
        "train": {**_lora(), "method": "qlora", "attention": "eager"},
        "quantization": {"weights": "nf4-dq", "kbit_upcast": True},
    },
    "qlora dropout checkpointing": {
        "train": {**_lora(dropout=0.1), "method": "qlora", "checkpointing": "full"},
        "precision": {"autocast": "bf16"},
        "quantization": NF4,
    },
    "qlora sdpa mask": {
        "train": {**_lora(), "method": "qlora", "attention": "sdpa", "padding_mask": True},
        "precision": {"autocast": "bf16"},
        "quantization": NF4,
    },
    "flash mask": {"train": {"padding_mask": True}},
    "flash mask autocast checkpointing": {
        "train": {"padding_mask": True, "checkpointing": "full"},
        "precision": {"weights": "fp32", "autocast": "bf16"},
    },
    "fp16 autocast": {"precision": {"weights": "fp32", "autocast": "fp16"}},
    "bf16 autocast": {"precision": {"autocast": "bf16"}},
    "fp32 eager": {"precision": {"weights": "fp32"}, "train": {"attention": "eager"}},
    "fp32 checkpointing eager": {
        "precision": {"weights": "fp32"},
        "train": {"attention": "eager", "checkpointing": "full"},
    },
    "accumulation": {"train": {"gradient_accumulation": 2}},
    "accumulation checkpointing": {
        "train": {"gradient_accumulation": 2, "checkpointing": "full"},
    },
    "accumulation fp32 autocast": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"gradient_accumulation": 3},
    },
    "in backward": {"optimizer": {"in_backward": True}},
    "in backward sgd checkpointing": {
        "optimizer": {"name": "sgd", "in_backward": True},
        "train": {"checkpointing": "full"},
    },
}


# Adapters beside the usual ones, and the types that see them.
_QLORA = {"quantization": NF4, "precision": {"autocast": "bf16"}}


def _adapted(change=None, method="lora", train=None, **lora):
    own = {"method": method, "lora": {**LORA, **lora}, **(train or {})}
    return merged(change or {}, {"train": own})


_LLAMA4 = {
    **DENSE,
    "model_type": "llama4_text",
    "head_dim": 64,
    "num_hidden_layers": 4,
    "intermediate_size": 384,
    "intermediate_size_mlp": 1024,
    "num_local_experts": 8,
    "num_experts_per_tok": 1,
    "interleave_moe_layer_step": 2,
}

_AUTOCAST = {"precision": {"autocast": "bf16"}}
_FUSED = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
ADAPTERS = {
    "lora dora dropout": (_adapted(dora=True, dropout=0.1), "qwen2 gemma2"),
    "lora dora checkpointing": (
        _adapted(_AUTOCAST, dora=True, train={"checkpointing": "full"}),
        "llama",
    ),
    "qlora dora": (_adapted(_QLORA, "qlora", dora=True), "llama phi"),
    "qlora dora dropout": (_adapted(_QLORA, "qlora", dora=True, dropout=0.1), "llama starcoder2"),
    "qlora dora without upcast": (
        _adapted(
            {**_QLORA, "quantization": {**NF4, "kbit_upcast": False}}, "qlora", dora=True
        ),
        "qwen3",
    ),
    "qlora without autocast checkpointing": (
        _adapted(
            {"quantization": NF4},
            "qlora",
            train={"attention": "eager", "checkpointing": "full"},
        ),
        "llama gemma2 gpt_neox",
    ),
    "qlora dropout without autocast": (
        _adapted({"quantization": NF4}, "qlora", dropout=0.1, train={"attention": "eager"}),
        "gemma2",
    ),
    "qlora saves both ends": (
        _adapted(_QLORA, "qlora", modules_to_save=["lm_head", "embed_tokens"]),
        "qwen2 gemma2 llama",
    ),
    "qlora saves embeddings checkpointing": (
        _adapted(
            _QLORA, "qlora", modules_to_save=["embed_tokens"], train={"checkpointing": "full"}
        ),
        "qwen2 llama",
    ),
    "qlora accumulation": (
        _adapted(_QLORA, "qlora", train={"gradient_accumulation": 2}),
        "llama",
    ),
    "lora some layers": (
        _adapted(targets=r".*layers\.[12]\..*(q|v|down)_proj"),
        "smollm3 mixtral",
    ),
    "lora some layers checkpointing": (
        _adapted(targets=r".*layers\.[12]\..*(q|v|down)_proj", train={"checkpointing": "full"}),
        "smollm3",
    ),
    "lora head": (_adapted(_AUTOCAST, targets=["q_proj", "lm_head"]), "llama qwen2"),
    "lora embeddings": (_adapted(targets=["q_proj", "embed_tokens"]), "llama gemma qwen2"),
    "lora embeddings checkpointing": (
        _adapted(_AUTOCAST, targets=["q_proj", "embed_tokens"], train={"checkpointing": "full"}),
        "qwen2",
    ),
    "lora all experts": (_adapted(), "mixtral qwen2_moe"),
    "lora all experts unscaled": (
        _adapted(alpha=16, adapter_dtype="bf16"),
        "mixtral deepseek_v3",
    ),
    "lora named experts": (
        _adapted(targets=["q_proj", "v_proj"], target_parameters=_FUSED),
        "mixtral deepseek_v3 gpt_oss",
    ),
    "lora named experts checkpointing": (
        _adapted(
            _AUTOCAST,
            targets=["q_proj", "v_proj"],
            target_parameters=_FUSED,
            train={"checkpointing": "full"},
        ),
        "qwen3_moe gpt_oss",
    ),
    "qlora experts": (_adapted(_QLORA, "qlora"), "mixtral qwen3_moe deepseek_v3 gpt_oss"),
    "qlora experts checkpointing": (
        _adapted(_QLORA, "qlora", train={"checkpointing": "full"}),
        "mixtral qwen3_moe gpt_oss",
    ),
    "full fp32 autocast experts": (
        {"precision": {"weights": "fp32", "autocast": "bf16"}},
        "mixtral deepseek_v3 gpt_oss",
    ),
    "full bf16 eager experts": ({"train": {"attention": "eager"}}, "gpt_oss mixtral"),
    "full bf16 checkpointing eager experts": (
        {"train": {"attention": "eager", "checkpointing": "full"}},
        "gpt_oss qwen3_moe",
    ),
    "full bf16 sdpa experts": ({"train": {"attention": "sdpa"}}, "llama4_text"),
    "full fp32 autocast checkpointing sdpa experts": (
        {
            "precision": {"weights": "fp32", "autocast": "bf16"},
            "train": {"attention": "sdpa", "checkpointing": "full"},
        },
        "llama4_text",
    ),
    "lora sdpa experts": (
        _adapted(
            targets=["q_proj", "v_proj", "o_proj"],
            target_parameters=["experts.gate_up_proj", "experts.down_proj"],
            train={"attention": "sdpa"},
        ),
        "llama4_text",
    ),
    "qlora sdpa experts": (
        _adapted(
            _QLORA,
            "qlora",
            targets=["q_proj", "v_proj", "o_proj"],
            train={"attention": "sdpa"},
        ),
        "llama4_text",
    ),
}

OPTIMIZERS = {
    "adamw": ["foreach", "for-loop", "fused", "auto"],
    "adam": ["foreach", "for-loop", "fused"],
    "amsgrad": ["foreach", "for-loop", "fused"],
    "nadam": ["foreach", "for-loop"],
    "radam": ["foreach", "for-loop"],
    "adamax": ["foreach", "for-loop"],
    "adagrad": ["foreach", "for-loop", "fused"],
    "adadelta": ["foreach", "for-loop"],
    "rmsprop": ["foreach", "for-loop"],
    "sgd": ["foreach", "for-loop", "fused"],
    "sgd-momentum": ["foreach", "for-loop", "fused"],
    "nesterov": ["foreach", "for-loop"],
    "asgd": ["foreach", "for-loop"],
    "rprop": ["foreach", "for-loop"],
    "adafactor": ["for-loop", "auto"],
}

# Real widths, with fewer layers.
REAL = {
    "llama-3.1-8b": {
        "model_type": "llama",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 4,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
    },
    "qwen2.5-1.5b": {
        "model_type": "qwen2",
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "num_key_value_heads": 2,
        "vocab_size": 151936,
        "tie_word_embeddings": True,
    },
    "gemma-2-2b": {
        "model_type": "gemma2",
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 4,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "vocab_size": 256000,
    },
    "gpt2-xl": {
        "model_type": "gpt2",
        "n_embd": 1600,
        "n_layer": 6,
        "n_head": 25,
    },
    "mixtral-8x7b": {
        "model_type": "mixtral",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 2,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 32000,
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
    },
}
REAL_SETTINGS = [
    "full bf16",
    "full bf16 checkpointing",
    "full fp32 autocast",
    "full fp32 autocast checkpointing",
    "lora autocast",
    "lora checkpointing",
    "qlora autocast",
    "qlora autocast checkpointing",
]

# Whole models, of which other traces ran something that no Scenario can say.
WHOLE = {
    "llama-2-7b whole full bf16 checkpointing 2x4096": (
        {
            "model_type": "llama",
            "hidden_size": 4096,
            "intermediate_size": 11008,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "vocab_size": 32000,
        },
        "full bf16 checkpointing",
        2,
        4096,
    ),
    "qwen2.5-0.5b whole full bf16 4x1024": (
        {
            "model_type": "qwen2",
            "hidden_size": 896,
            "intermediate_size": 4864,
            "num_hidden_layers": 24,
            "num_attention_heads": 14,
            "num_key_value_heads": 2,
            "vocab_size": 151936,
            "tie_word_embeddings": True,
        },
        "full bf16",
        4,
        1024,
    ),
}

# Encoders and encoder-decoders, and the class that each is trained as.
BERT = {
    "model_type": "bert",
    "architectures": ["BertForMaskedLM"],
    "vocab_size": 30522,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
}
T5 = {
    "model_type": "t5",
    "architectures": ["T5ForConditionalGeneration"],
    "vocab_size": 32128,
    "d_model": 512,
    "d_kv": 64,
    "d_ff": 2048,
    "num_layers": 6,
    "num_decoder_layers": 6,
    "num_heads": 8,
    "feed_forward_proj": "relu",
    "decoder_start_token_id": 0,
    "is_encoder_decoder": True,
}
BART = {
    "model_type": "bart",
    "architectures": ["BartForConditionalGeneration"],
    "vocab_size": 50265,
    "d_model": 768,
    "encoder_layers": 6,
    "decoder_layers": 6,
    "encoder_attention_heads": 12,
    "decoder_attention_heads": 12,
    "encoder_ffn_dim": 3072,
    "decoder_ffn_dim": 3072,
    "max_position_embeddings": 1024,
    "is_encoder_decoder": True,
}
ENCODERS = {
    "bert-base": BERT,
    "bert-classifier": {
        **BERT,
        "architectures": ["BertForSequenceClassification"],
        "num_hidden_layers": 4,
    },
    "bert-tokens": {
        **BERT,
        "architectures": ["BertForTokenClassification"],
        "num_hidden_layers": 3,
    },
    "roberta-base": {
        **BERT,
        "model_type": "roberta",
        "architectures": ["RobertaForMaskedLM"],
        "vocab_size": 50265,
        "num_hidden_layers": 4,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
    },
    "roberta-classifier": {
        **BERT,
        "model_type": "roberta",
        "architectures": ["RobertaForSequenceClassification"],
        "vocab_size": 50265,
        "num_hidden_layers": 3,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
    },
    "distilbert": {
        "model_type": "distilbert",
        "architectures": ["DistilBertForMaskedLM"],
        "vocab_size": 30522,
        "dim": 768,
        "n_layers": 6,
        "n_heads": 12,
        "hidden_dim": 3072,
        "max_position_embeddings": 512,
    },
    "electra": {
        **BERT,
        "model_type": "electra",
        "architectures": ["ElectraForMaskedLM"],
        "hidden_size": 256,
        "embedding_size": 128,
        "num_attention_heads": 4,
        "intermediate_size": 1024,
        "num_hidden_layers": 6,
    },
    "modernbert": {
        "model_type": "modernbert",
        "architectures": ["ModernBertForMaskedLM"],
        "vocab_size": 50368,
        "hidden_size": 768,
        "intermediate_size": 1152,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "max_position_embeddings": 8192,
        "global_attn_every_n_layers": 3,
        "local_attention": 128,
    },
    "t5-small": T5,
    "flan-t5": {
        **T5,
        "d_ff": 1024,
        "num_layers": 8,
        "num_decoder_layers": 8,
        "num_heads": 6,
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": False,
    },
    "umt5": {
        **T5,
        "model_type": "umt5",
        "architectures": ["UMT5ForConditionalGeneration"],
        "d_ff": 1024,
        "num_layers": 3,
        "num_decoder_layers": 3,
        "num_heads": 6,
        "feed_forward_proj": "gated-gelu",
    },
    "bart-base": BART,
    "mbart": {
        **BART,
        "model_type": "mbart",
        "architectures": ["MBartForConditionalGeneration"],
        "encoder_layers": 3,
        "decoder_layers": 3,
        "scale_embedding": True,
    },
    "pegasus": {
        **BART,
        "model_type": "pegasus",
        "architectures": ["PegasusForConditionalGeneration"],
        "encoder_layers": 3,
        "decoder_layers": 3,
        "scale_embedding": True,
        "decoder_start_token_id": 0,
    },
    "whisper-small": {
        "model_type": "whisper",
        "architectures": ["WhisperForConditionalGeneration"],
        "vocab_size": 51865,
        "num_mel_bins": 80,
        "d_model": 768,
        "encoder_layers": 12,
        "decoder_layers": 12,
        "encoder_attention_heads": 12,
        "decoder_attention_heads": 12,
        "encoder_ffn_dim": 3072,
        "decoder_ffn_dim": 3072,
        "max_source_positions": 1500,
        "max_target_positions": 448,
        "is_encoder_decoder": True,
    },
}
WITH_FLASH = {"t5-small": False, "flan-t5": False, "umt5": False}
ENCODER_SETTINGS = {
    "full fp32 sdpa": SETTINGS["full fp32 sdpa"],
    "full bf16 sdpa": SETTINGS["full bf16 sdpa"],
    "full fp32 autocast sdpa": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"attention": "sdpa"},
    },
    "full fp32 autocast": SETTINGS["full fp32 autocast"],
    "full fp32 eager": {"precision": {"weights": "fp32"}, "train": {"attention": "eager"}},
    "lora autocast sdpa": merged(SETTINGS["lora autocast"], {"train": {"attention": "sdpa"}}),
    "full fp32 autocast checkpointing sdpa": merged(
        SETTINGS["full fp32 autocast checkpointing"], {"train": {"attention": "sdpa"}}
    ),
    "full bf16 eager": SETTINGS["full bf16 eager"],
    "full bf16 checkpointing sdpa": merged(
        SETTINGS["full bf16 checkpointing"], {"train": {"attention": "sdpa"}}
    ),
    "full fp32 autocast eager mask": SETTINGS["full fp32 autocast eager mask"],
    "full bf16 sdpa mask": SETTINGS["full bf16 sdpa mask"],
    "lora default targets sdpa": {
        "train": {"method": "lora", "lora": {**LORA, "targets": "default"}, "attention": "sdpa"},
    },
    "lora checkpointing sdpa": merged(
        SETTINGS["lora checkpointing"], {"train": {"attention": "sdpa"}}
    ),
    "accumulation sdpa": {"train": {"gradient_accumulation": 2, "attention": "sdpa"}},
}
ENCODER_SHAPES = [(8, 128), (2, 512), (4, 256), (3, 320), (1, 384)]

# Classes of decoders and encoders that give no words, for traced_heads.json.
LABELS = {
    "sequences": ("ForSequenceClassification", {}),
    "reward": ("ForSequenceClassification", {"num_labels": 1}),
    "several labels": (
        "ForSequenceClassification",
        {"num_labels": 20, "problem_type": "multi_label_classification"},
    ),
    "tokens": ("ForTokenClassification", {"num_labels": 9}),
    "spans": ("ForQuestionAnswering", {}),
    "bare": ("Model", {}),
}
HEADS = {
    "llama": ("Llama", MODELS["llama"]),
    "qwen2": ("Qwen2", MODELS["qwen2"]),
    "mistral": ("Mistral", MODELS["mistral"]),
    "qwen3": ("Qwen3", MODELS["qwen3"]),
    "gemma2": ("Gemma2", MODELS["gemma2"]),
    "phi3": ("Phi3", MODELS["phi3"]),
    "gpt2": ("GPT2", {**MODELS["gpt2"], "n_positions": 1024, "pad_token_id": 0}),
    "gpt_neox": ("GPTNeoX", MODELS["gpt_neox"]),
    "opt": ("OPT", {**MODELS["opt"], "max_position_embeddings": 2048, "pad_token_id": 0}),
    "starcoder2": ("Starcoder2", MODELS["starcoder2"]),
    "stablelm": ("StableLm", MODELS["stablelm"]),
}
HEAD_SETTINGS = {
    "full bf16": {},
    "full fp32 autocast": SETTINGS["full fp32 autocast"],
    "full bf16 checkpointing": SETTINGS["full bf16 checkpointing"],
    "lora autocast": SETTINGS["lora autocast"],
    "lora checkpointing": SETTINGS["lora checkpointing"],
    "full fp32 sdpa": SETTINGS["full fp32 sdpa"],
    "full bf16 eager": SETTINGS["full bf16 eager"],
    "full fp32 autocast checkpointing": SETTINGS["full fp32 autocast checkpointing"],
    "lora bf16 adapters eager": SETTINGS["lora bf16 adapters eager"],
    "accumulation": {"train": {"gradient_accumulation": 2}},
}
ENCODER_HEADS = {
    "bert": ("Bert", {**BERT, "num_hidden_layers": 3}),
    "xlm-roberta": (
        "XLMRoberta",
        {**ENCODERS["roberta-base"], "model_type": "xlm-roberta", "num_hidden_layers": 3},
    ),
    "distilbert": ("DistilBert", {**ENCODERS["distilbert"], "n_layers": 3}),
    "modernbert": ("ModernBert", ENCODERS["modernbert"]),
}


# (micro batch, sequence): batch and sequence never equal, T from 256 to 4096.
SHAPES = [(2, 512), (1, 1024), (4, 256), (3, 320), (2, 1024), (1, 384)]


def scenario(config, change, batch, sequence):
    plain = {
        "model": {"config": config},
        "task": "train",
        "train": {
            "method": "full",
            "micro_batch": batch,
            "sequence_length": sequence,
            "attention": "flash",
            "checkpointing": "none",
            "loss": "full",
        },
        "precision": {"weights": "bf16"},
        "optimizer": {"name": "adamw", "implementation": "foreach"},
        "software": dict(VERSIONS),
    }
    return merged(plain, change)


# Of state spaces, whose kernels state_space_packages.py stands for.
STATE_SPACES = {
    "mamba": dict(state_size=16, hidden_size=256, intermediate_size=512, time_step_rank=16),
    "falcon_mamba": dict(state_size=16, hidden_size=256, intermediate_size=512, time_step_rank=16),
    "mamba2": dict(state_size=64, hidden_size=256, num_heads=8, head_dim=64, n_groups=2, chunk_size=128),
    "jamba": dict(
        hidden_size=256,
        intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_experts=1,
        attn_layer_period=2,
        attn_layer_offset=1,
        mamba_dt_rank=16,
    ),
    "bamba": dict(
        hidden_size=256,
        intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_layer_indices=[1],
        mamba_n_heads=8,
        mamba_d_head=64,
        mamba_n_groups=1,
        mamba_d_state=64,
    ),
    "granitemoehybrid": dict(
        hidden_size=256,
        intermediate_size=512,
        shared_intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_local_experts=0,
        layer_types=["mamba", "attention", "mamba"],
        mamba_n_heads=8,
        mamba_d_head=64,
        mamba_n_groups=1,
        mamba_d_state=64,
    ),
    "nemotron_h": dict(
        hidden_size=256,
        intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        layers_block_type=["mamba", "mlp", "attention", "mamba"],
        mamba_num_heads=8,
        mamba_head_dim=64,
        n_groups=2,
        ssm_state_size=64,
    ),
}
STATE_SPACES["jamba experts"] = STATE_SPACES["jamba"] | dict(num_experts=4, num_experts_per_tok=2)
STATE_SPACES["granitemoehybrid experts"] = STATE_SPACES["granitemoehybrid"] | dict(
    num_local_experts=4, num_experts_per_tok=2
)
STATE_SPACE_SETTINGS = {
    "full bf16": {},
    "full bf16 checkpointing": {"train": {"checkpointing": "full"}},
    "full fp32": {"precision": {"weights": "fp32"}},
    "full fp32 autocast": {"precision": {"weights": "fp32", "autocast": "bf16"}},
    "full fp32 autocast checkpointing": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"checkpointing": "full"},
    },
    "full bf16 mask": {"train": {"padding_mask": True}},
    "lora": {"train": {"method": "lora", "lora": {"rank": 16, "targets": ["in_proj", "x_proj"]}}},
    "lora autocast checkpointing": {
        "train": {
            "method": "lora",
            "checkpointing": "full",
            "lora": {"rank": 16, "targets": ["in_proj", "x_proj"]},
        },
        "precision": {"autocast": "bf16"},
    },
}
STATE_SPACE_SHAPES = [(2, 512), (1, 3000), (4, 256)]


def cases():
    """Every case: its name and its Scenario."""
    number = 0
    for model_type in ("llama", "qwen3"):
        config = {"model_type": model_type, **MODELS[model_type], "num_hidden_layers": 4}
        for setting, change in VARIANTS.items():
            batch, sequence = SHAPES[number % len(SHAPES)]
            number += 1
            yield f"{model_type} {setting}", scenario(config, change, batch, sequence)
        yield (
            f"{model_type} qlora 2048 tokens",
            scenario(config, merged(SETTINGS["qlora autocast"], {"train": _lora()}), 2, 1024),
        )
    for weights in ("bf16", "fp32"):
        for name, implementations in OPTIMIZERS.items():
            for implementation in implementations:
                change = {
                    "precision": {"weights": weights},
                    "optimizer": {"name": name, "implementation": implementation},
                    "train": {"attention": "eager"},
                }
                config = {"model_type": "llama", **DENSE, "vocab_size": 4000}
                yield (
                    f"optimizer {name} {implementation} {weights}",
                    scenario(config, change, 1, 256),
                )
    for name, config in REAL.items():
        for index, setting in enumerate(REAL_SETTINGS):
            batch, sequence = ((1, 2048), (2, 4096), (4, 1024))[index % 3]
            yield (
                f"{name} {setting} {batch}x{sequence}",
                scenario(config, SETTINGS[setting], batch, sequence),
            )
    for name, (config, setting, batch, sequence) in WHOLE.items():
        yield name, scenario(config, SETTINGS[setting], batch, sequence)
    for model_type, fields in MODELS.items():
        config = {"model_type": model_type, **fields}
        for setting, change in SETTINGS.items():
            batch, sequence = SHAPES[number % len(SHAPES)]
            number += 1
            yield f"{model_type} {setting}", scenario(config, change, batch, sequence)
    for name, fields in KIN.items():
        config = {"model_type": name, **fields}
        for setting in KIN_SETTINGS:
            batch, sequence = SHAPES[number % len(SHAPES)]
            number += 1
            yield f"{name} {setting}", scenario(config, SETTINGS[setting], batch, sequence)
    place = 0
    for setting, (change, types) in ADAPTERS.items():
        for model_type in types.split():
            config = {"model_type": model_type, **MODELS.get(model_type, _LLAMA4)}
            # What is presented here is no flash kernel with sinks.
            eager = {"train": {"attention": "eager"}} if model_type == "gpt_oss" else {}
            batch, sequence = SHAPES[place % len(SHAPES)]
            place += 1
            yield (
                f"adapters {model_type} {setting}",
                scenario(config, merged(change, eager), batch, sequence),
            )
    for index, (name, config) in enumerate(ENCODERS.items()):
        for place, (setting, change) in enumerate(ENCODER_SETTINGS.items()):
            flash = change.get("train", {}).get("attention", "flash") == "flash"
            if flash and not WITH_FLASH.get(name, True):
                continue
            batch, sequence = ENCODER_SHAPES[(place + index) % len(ENCODER_SHAPES)]
            yield f"{name} {setting} {batch}x{sequence}", scenario(config, change, batch, sequence)
    for index, (name, config) in enumerate(STATE_SPACES.items()):
        for place, (setting, change) in enumerate(STATE_SPACE_SETTINGS.items()):
            batch, sequence = STATE_SPACE_SHAPES[(place + index) % len(STATE_SPACE_SHAPES)]
            whole = {
                "model_type": name.split()[0],
                "num_hidden_layers": 3,
                "vocab_size": 4000,
                "pad_token_id": 0,
                **config,
            }
            attention = "eager" if "num_attention_heads" not in config else "sdpa"
            change = merged({"train": {"attention": attention}, "hardware": {"gpu": "A100-80GB"}}, change)
            yield (
                f"state space {name} {setting} {batch}x{sequence}",
                scenario(whole, change, batch, sequence),
            )
    yield from head_cases()


def head_cases():
    """Cases of every class without words: a few settings of each."""
    number = 0
    for index, (name, (stem, fields)) in enumerate((HEADS | ENCODER_HEADS).items()):
        for kind, (label, (end, more)) in enumerate(LABELS.items()):
            # transformers has no such class.
            if label == "spans" and name in ("phi3", "starcoder2", "stablelm", "gemma2"):
                continue
            if label == "tokens" and name == "opt":
                continue
            whole = name in ("llama", "qwen2", "gpt2", "bert")
            for place, (setting, change) in enumerate(HEAD_SETTINGS.items()):
                if (index + kind + place) % (2 if whole else 5):
                    continue
                number += 1
                if name == "gemma2" and setting.endswith("sdpa"):
                    continue  # its classes without words refuse it
                if name in ENCODER_HEADS:
                    change = merged(change, {"train": {"attention": "sdpa"}})
                batch, sequence = SHAPES[number % len(SHAPES)]
                if name in ENCODER_HEADS:
                    batch, sequence = ENCODER_SHAPES[number % len(ENCODER_SHAPES)]
                config = {"model_type": name, **fields, "architectures": [stem + end], **more}
                yield f"head {name} {label} {setting}", scenario(config, change, batch, sequence)
