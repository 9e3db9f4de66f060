"""More encoders and encoder-decoders that formulas count, for traced_encoders.json."""

from itertools import cycle

from .encoder_kin import EAGER, MARIAN, NLLB, SETTINGS_OF_KIN, SHAPES_OF_KIN, WIDE, named
from .encoders import ENCODERS
from .scenario import merged, scenario

BERT = {"vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2, **WIDE}
ROBERTA = {**BERT, "vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1}
BART = {
    "vocab_size": 50265,
    "d_model": 768,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 12,
    "decoder_attention_heads": 12,
    "encoder_ffn_dim": 3072,
    "decoder_ffn_dim": 3072,
    "max_position_embeddings": 1024,
    "is_encoder_decoder": True,
}
ESM = {
    "model_type": "esm",
    **WIDE,
    "vocab_size": 33,
    "hidden_size": 640,
    "num_attention_heads": 20,
    "intermediate_size": 2560,
    "max_position_embeddings": 1026,
    "position_embedding_type": "rotary",
    "emb_layer_norm_before": False,
    "token_dropout": True,
    "pad_token_id": 1,
    "mask_token_id": 32,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
EUROBERT = {
    "model_type": "eurobert",
    **WIDE,
    "vocab_size": 128256,
    "num_key_value_heads": 4,
    "max_position_embeddings": 8192,
}


def of(kind, architecture, fields):
    return named({"model_type": kind, **fields}, architecture)


MODELS = {
    "esm": named(ESM, "EsmForMaskedLM"),
    "esm sequences": named(ESM, "EsmForSequenceClassification"),
    "esm tokens": named(ESM, "EsmForTokenClassification", num_labels=3),
    "eurobert": named(EUROBERT, "EuroBertForMaskedLM"),
    "eurobert sequences": named(EUROBERT, "EuroBertForSequenceClassification"),
    "modernbert means": {
        **ENCODERS["modernbert"],
        "architectures": ["ModernBertForSequenceClassification"],
        "classifier_pooling": "mean",
    },
    "ernie": of("ernie", "ErnieForMaskedLM", BERT),
    "ernie sequences": of("ernie", "ErnieForSequenceClassification", BERT),
    "megatron-bert": of("megatron-bert", "MegatronBertForMaskedLM", BERT),
    "xlm-roberta-xl": of(
        "xlm-roberta-xl", "XLMRobertaXLForMaskedLM", {**ROBERTA, "vocab_size": 250880}
    ),
    "roberta-prelayernorm": of(
        "roberta-prelayernorm", "RobertaPreLayerNormForMaskedLM", ROBERTA
    ),
    "data2vec-text": of("data2vec-text", "Data2VecTextForMaskedLM", ROBERTA),
    "blenderbot": of("blenderbot", "BlenderbotForConditionalGeneration", BART),
    "blenderbot-small": of("blenderbot-small", "BlenderbotSmallForConditionalGeneration", BART),
    "mvp": of("mvp", "MvpForConditionalGeneration", BART),
    "plbart": of("plbart", "PLBartForConditionalGeneration", BART),
}
EAGER_ALONE = ("megatron-bert", "mvp")
OFTEN = ("esm", "esm sequences", "eurobert", "eurobert sequences", "modernbert means")


# Source and target of lengths of their own.
WITH_TARGETS = {
    "nllb": NLLB,
    "marian": MARIAN,
    "t5-small": ENCODERS["t5-small"],
    "bart-base": ENCODERS["bart-base"],
    "umt5": ENCODERS["umt5"],
    "pegasus": ENCODERS["pegasus"],
}
LENGTHS = [(4, 250, 61), (2, 500, 128), (8, 128, 129), (3, 317, 40), (1, 389, 200)]


def with_targets():
    lengths = cycle(LENGTHS)
    for name, config in WITH_TARGETS.items():
        for setting, change in list(SETTINGS_OF_KIN.items())[1:7]:
            batch, source, target = next(lengths)
            own = merged(change, {"train": {"target_length": target}})
            yield f"kin targets {name} {setting} {batch}x{source}-{target}", scenario(
                config, own, batch, source
            )


def cases():
    yield from with_targets()
    for index, (name, config) in enumerate(MODELS.items()):
        own = EAGER if config["model_type"] in EAGER_ALONE else SETTINGS_OF_KIN
        for place, (setting, change) in enumerate(own.items()):
            if name not in OFTEN and (place + index) % 2:
                continue
            batch, sequence = SHAPES_OF_KIN[(place + index) % len(SHAPES_OF_KIN)]
            yield f"kin {name} {setting} {batch}x{sequence}", scenario(
                config, change, batch, sequence
            )
