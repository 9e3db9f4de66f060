"""Encoders and encoder-decoders that formulas count, for traced_encoders.json."""

from .encoders import ENCODER_SETTINGS
from .scenario import merged, scenario
from .settings import LORA, SETTINGS

WIDE = {
    "hidden_size": 768,
    "num_hidden_layers": 3,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
MPNET = {"model_type": "mpnet", "vocab_size": 30527, "max_position_embeddings": 514, **WIDE}
NOMIC = {
    "model_type": "nomic_bert",
    "vocab_size": 30528,
    "max_position_embeddings": 2048,
    "type_vocab_size": 2,
    "head_dim": 64,
    **WIDE,
}
GTE = {
    "model_type": "gte",
    "vocab_size": 250048,
    "max_position_embeddings": 8192,
    "type_vocab_size": 1,
    **WIDE,
}
JINA = {
    "model_type": "jina_embeddings_v3",
    "vocab_size": 250002,
    "max_position_embeddings": 8194,
    "type_vocab_size": 1,
    **WIDE,
    "hidden_size": 1024,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
NLLB = {
    "model_type": "m2m_100",
    "architectures": ["M2M100ForConditionalGeneration"],
    "vocab_size": 256206,
    "d_model": 1024,
    "encoder_layers": 3,
    "decoder_layers": 3,
    "encoder_ffn_dim": 4096,
    "decoder_ffn_dim": 4096,
    "encoder_attention_heads": 16,
    "decoder_attention_heads": 16,
    "max_position_embeddings": 1024,
    "is_encoder_decoder": True,
    "scale_embedding": True,
    # Which layers are left out is a matter of luck.
    "encoder_layerdrop": 0,
    "decoder_layerdrop": 0,
}
MARIAN = {
    "model_type": "marian",
    "architectures": ["MarianMTModel"],
    "vocab_size": 58101,
    "d_model": 512,
    "encoder_layers": 3,
    "decoder_layers": 4,
    "encoder_ffn_dim": 2048,
    "decoder_ffn_dim": 2048,
    "encoder_attention_heads": 8,
    "decoder_attention_heads": 8,
    "max_position_embeddings": 512,
    "is_encoder_decoder": True,
    "scale_embedding": True,
    "activation_function": "swish",
    "pad_token_id": 58100,
    "decoder_start_token_id": 58100,
}


def named(fields, architecture, **more):
    return {**fields, "architectures": [architecture], **more}


MODELS = {
    "mpnet": named(MPNET, "MPNetForMaskedLM"),
    "mpnet sequences": named(MPNET, "MPNetForSequenceClassification"),
    "mpnet tokens": named(MPNET, "MPNetForTokenClassification", num_labels=9),
    "mpnet bare": named(MPNET, "MPNetModel"),
    "nllb": NLLB,
    "marian": MARIAN,
    "nomic_bert": named(NOMIC, "NomicBertForMaskedLM"),
    "nomic_bert sequences": named(NOMIC, "NomicBertForSequenceClassification"),
    "nomic_bert bare": named(NOMIC, "NomicBertModel"),
    "gte": named(GTE, "GteForMaskedLM"),
    "gte reward": named(GTE, "GteForSequenceClassification", num_labels=1),
    "gte bare": named(GTE, "GteModel"),
    "jina": named(JINA, "JinaEmbeddingsV3ForMaskedLM"),
    "jina sequences": named(JINA, "JinaEmbeddingsV3ForSequenceClassification"),
    "jina bare": named(JINA, "JinaEmbeddingsV3Model"),
}
EAGER_ALONE = ("mpnet",)
EAGER = {
    "full fp32 eager": ENCODER_SETTINGS["full fp32 eager"],
    "full bf16 eager": ENCODER_SETTINGS["full bf16 eager"],
    "full fp32 autocast eager mask": SETTINGS["full fp32 autocast eager mask"],
    "lora autocast eager": merged(SETTINGS["lora autocast"], {"train": {"attention": "eager"}}),
    "lora eager": {"train": {"method": "lora", "lora": LORA, "attention": "eager"}},
    "accumulation eager": {"train": {"gradient_accumulation": 2, "attention": "eager"}},
}
SETTINGS_OF_KIN = {
    "full bf16": {},
    "full fp32 autocast sdpa": ENCODER_SETTINGS["full fp32 autocast sdpa"],
    "full fp32 eager": ENCODER_SETTINGS["full fp32 eager"],
    "lora autocast sdpa": ENCODER_SETTINGS["lora autocast sdpa"],
    "full bf16 sdpa mask": ENCODER_SETTINGS["full bf16 sdpa mask"],
    "lora checkpointing sdpa": ENCODER_SETTINGS["lora checkpointing sdpa"],
    "full fp32 autocast eager mask": ENCODER_SETTINGS["full fp32 autocast eager mask"],
    "full fp32 autocast checkpointing sdpa": ENCODER_SETTINGS[
        "full fp32 autocast checkpointing sdpa"
    ],
    "accumulation sdpa": ENCODER_SETTINGS["accumulation sdpa"],
    "full fp16 sdpa": {"precision": {"weights": "fp16"}, "train": {"attention": "sdpa"}},
}
SHAPES_OF_KIN = [(8, 128), (3, 317), (2, 500), (4, 250), (1, 389)]


def cases():
    for index, (name, config) in enumerate(MODELS.items()):
        own = EAGER if config["model_type"] in EAGER_ALONE else SETTINGS_OF_KIN
        for place, (setting, change) in enumerate(own.items()):
            batch, sequence = SHAPES_OF_KIN[(place + index) % len(SHAPES_OF_KIN)]
            yield f"kin {name} {setting} {batch}x{sequence}", scenario(
                config, change, batch, sequence
            )
