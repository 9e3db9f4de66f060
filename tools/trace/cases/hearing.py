"""Language models that hear, on text alone, for traced_encoders.json."""

from itertools import cycle

from .encoder_kin import SETTINGS_OF_KIN, SHAPES_OF_KIN
from .scenario import scenario

QWEN2 = {
    "model_type": "qwen2",
    "vocab_size": 156032,
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
}
MODELS = {
    "voxtral": {
        "model_type": "voxtral",
        "architectures": ["VoxtralForConditionalGeneration"],
        "audio_config": {
            "model_type": "voxtral_encoder",
            "vocab_size": 51866,
            "hidden_size": 1280,
            "intermediate_size": 5120,
            "num_hidden_layers": 2,
            "num_attention_heads": 20,
            "num_mel_bins": 128,
            "max_source_positions": 1500,
        },
        "text_config": {
            "model_type": "llama",
            "vocab_size": 131072,
            "hidden_size": 1536,
            "intermediate_size": 4096,
            "num_hidden_layers": 3,
            "num_attention_heads": 12,
            "num_key_value_heads": 4,
            "head_dim": 128,
            "max_position_embeddings": 131072,
            "tie_word_embeddings": False,
        },
    },
    "qwen2_audio": {
        "model_type": "qwen2_audio",
        "architectures": ["Qwen2AudioForConditionalGeneration"],
        "audio_config": {
            "model_type": "qwen2_audio_encoder",
            "num_mel_bins": 128,
            "encoder_layers": 2,
            "encoder_attention_heads": 20,
            "encoder_ffn_dim": 5120,
            "d_model": 1280,
            "max_source_positions": 1500,
        },
        "text_config": QWEN2,
    },
    "audioflamingo3": {
        "model_type": "audioflamingo3",
        "architectures": ["AudioFlamingo3ForConditionalGeneration"],
        "audio_config": {"model_type": "audioflamingo3_encoder", "num_hidden_layers": 2},
        "text_config": QWEN2,
    },
}


def cases():
    shapes = cycle(SHAPES_OF_KIN)
    for name, config in MODELS.items():
        for setting, change in list(SETTINGS_OF_KIN.items())[:6]:
            batch, sequence = next(shapes)
            yield f"kin {name} text {setting} {batch}x{sequence}", scenario(
                config, change, batch, sequence
            )
