"""Encoders with decoders."""

from transformers import AutoModelForSpeechSeq2Seq

from .shared import SEQ2SEQ, SWITCH, TIED, VOCAB, by_architecture

T5 = {
    "vocab_size": 320,
    "d_model": 64,
    "d_kv": 8,
    "d_ff": 96,
    "num_layers": 2,
    "num_heads": 4,
}
T5_FLAGS = VOCAB | {
    "num_layers": [1, 2, 3],
    "num_decoder_layers": [None, 1, 4],
    "d_kv": [8, 16, 24],
    "feed_forward_proj": ["relu", "gated-gelu"],
    "relative_attention_num_buckets": [16, 32],
    "tie_word_embeddings": SWITCH,
}
STACKS = {
    "vocab_size": 320,
    "pad_token_id": 1,
    "d_model": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 96,
    "decoder_ffn_dim": 128,
}
STACKS_FLAGS = VOCAB | TIED | {"encoder_layers": [1, 2], "decoder_layers": [1, 3]}

TYPES = [
    ("t5", SEQ2SEQ, T5, T5_FLAGS),
    ("mt5", SEQ2SEQ, T5, T5_FLAGS),
    ("umt5", SEQ2SEQ, T5, T5_FLAGS),
]
STACKED = [
    (
        "bart",
        by_architecture(SEQ2SEQ),
        STACKS | {"max_position_embeddings": 48},
        STACKS_FLAGS
        | {"architectures": [None, ["BartForSequenceClassification"]]},
    ),
    (
        "whisper",
        AutoModelForSpeechSeq2Seq.from_config,
        STACKS | {"max_source_positions": 40, "max_target_positions": 24},
        STACKS_FLAGS | {"num_mel_bins": [20, 40]},
    ),
]
LATER = [
    (
        "mbart",
        by_architecture(SEQ2SEQ),
        STACKS | {"max_position_embeddings": 48},
        STACKS_FLAGS
        | {"architectures": [None, ["MBartForSequenceClassification"]]},
    ),
    (
        "pegasus",
        SEQ2SEQ,
        STACKS | {"max_position_embeddings": 48},
        STACKS_FLAGS,
    ),
]
