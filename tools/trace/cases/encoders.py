"""Encoders and encoder-decoders, and the class that each is trained as."""

from .scenario import merged, scenario
from .settings import LORA, SETTINGS

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


def cases():
    for index, (name, config) in enumerate(ENCODERS.items()):
        for place, (setting, change) in enumerate(ENCODER_SETTINGS.items()):
            flash = change.get("train", {}).get("attention", "flash") == "flash"
            if flash and not WITH_FLASH.get(name, True):
                continue
            batch, sequence = ENCODER_SHAPES[(place + index) % len(ENCODER_SHAPES)]
            yield f"{name} {setting} {batch}x{sequence}", scenario(config, change, batch, sequence)
