"""Encoders that are played, at settings that chance drew, for traced_encoders.json."""

import random

from .encoders import BERT, ENCODERS, T5
from .scenario import scenario

DEBERTA = {
    "model_type": "deberta-v2",
    "vocab_size": 128100,
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "max_position_embeddings": 512,
    "max_relative_positions": -1,
    "position_buckets": 256,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "relative_attention": True,
    "share_att_key": True,
    "norm_rel_ebd": "layer_norm",
    "type_vocab_size": 0,
}
XLMR = {**ENCODERS["roberta-base"], "model_type": "xlm-roberta", "vocab_size": 250002}


def named(fields, architecture, **more):
    return {**fields, "architectures": [architecture], **more}


MODELS = {
    **ENCODERS,
    "deberta tokens": named(DEBERTA, "DebertaV2ForTokenClassification", num_labels=7),
    "deberta sequences": named(DEBERTA, "DebertaV2ForSequenceClassification"),
    "deberta": named(DEBERTA, "DebertaV2ForMaskedLM"),
    "xlm-roberta reranker": named(XLMR, "XLMRobertaForSequenceClassification", num_labels=1),
    "xlm-roberta bare": named(XLMR, "XLMRobertaModel"),
    "xlm-roberta tokens": named(XLMR, "XLMRobertaForTokenClassification", num_labels=9),
    "bert bare": named(BERT, "BertModel", num_hidden_layers=4),
    "modernbert bare": named(ENCODERS["modernbert"], "ModernBertModel"),
    "modernbert tokens": named(
        ENCODERS["modernbert"], "ModernBertForTokenClassification", num_labels=9
    ),
    "mt5": named(
        T5,
        "MT5ForConditionalGeneration",
        model_type="mt5",
        vocab_size=250112,
        d_ff=1024,
        num_layers=4,
        num_decoder_layers=4,
        num_heads=6,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
    ),
    "whisper turbo": {
        **ENCODERS["whisper-small"],
        "vocab_size": 51866,
        "num_mel_bins": 128,
        "encoder_layers": 6,
        "decoder_layers": 2,
    },
}
LIKE_T5 = ("t5", "mt5", "umt5")
WITH_TARGETS = ("bert", "roberta", "xlm-roberta", "electra", "deberta-v2", "bart", "t5", "mt5")
TYPES = ("bf16", "fp32", "fp16", "fp32 bf16", "fp32 fp16", "bf16 bf16")
LENGTHS = (37, 63, 100, 129, 191, 255, 301, 384, 447, 511)
COUNT = 70


def drawn(chance, kind):
    """A change of the plain case, and its words."""
    kernels = ["sdpa", "eager"] if kind in LIKE_T5 else ["sdpa", "flash", "eager"]
    attention = "eager" if kind == "deberta-v2" else chance.choice(kernels)
    weights, *autocast = chance.choice(TYPES).split()
    if attention == "flash" and weights == "fp32" and not autocast:
        attention = "sdpa"
    # T5's code keeps some weights in fp32 then.
    if kind in LIKE_T5 and "fp16" in (weights, *autocast):
        weights, autocast = "bf16", []
    train = {"attention": attention}
    words = [weights, *(f"autocast {each}" for each in autocast), attention]
    if chance.random() < 0.4:
        train["checkpointing"] = "full"
        words.append("checkpointing")
    if chance.random() < 0.45:
        targets = chance.choice(["all-linear", "default"]) if kind in WITH_TARGETS else "all-linear"
        train["method"] = "lora"
        train["lora"] = {
            "rank": chance.choice([4, 8, 16, 32]),
            "alpha": 32,
            "dropout": chance.choice([0, 0, 0.05]),
            "targets": targets,
            "adapter_dtype": "fp32",
        }
        words.append(f"lora {targets} {train['lora']['rank']} {train['lora']['dropout']}")
    if chance.random() < 0.3:
        train["padding_mask"] = True
        words.append("mask")
    if chance.random() < 0.15:
        train["gradient_accumulation"] = 2
        words.append("accumulation")
    precision = {"weights": weights} | ({"autocast": autocast[0]} if autocast else {})
    return {"train": train, "precision": precision}, " ".join(words)


def cases():
    chance = random.Random(11)
    for _ in range(COUNT):
        name, config = chance.choice(list(MODELS.items()))
        change, words = drawn(chance, config["model_type"])
        batch, sequence = chance.choice([1, 2, 3, 5, 7, 16]), chance.choice(LENGTHS)
        if batch * sequence > 3000:
            batch = 2
        yield f"kin varied {name} {words} {batch}x{sequence}", scenario(
            config, change, batch, sequence
        )
