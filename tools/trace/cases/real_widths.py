"""Models as wide as people train them, or whole."""

from .scenario import scenario
from .settings import SETTINGS

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


def cases():
    for name, config in REAL.items():
        for index, setting in enumerate(REAL_SETTINGS):
            batch, sequence = ((1, 2048), (2, 4096), (4, 1024))[index % 3]
            yield (
                f"{name} {setting} {batch}x{sequence}",
                scenario(config, SETTINGS[setting], batch, sequence),
            )
    for name, (config, setting, batch, sequence) in WHOLE.items():
        yield name, scenario(config, SETTINGS[setting], batch, sequence)
