"""Encoders, and the classes that they are trained as."""

from transformers import AutoModel

from .shared import PLAIN, PLAIN_FLAGS, SWITCH, by_architecture

ENCODERS = [
    (
        "bert",
        {},
        {"type_vocab_size": [1, 2]},
        ["BertForMaskedLM", "BertForPreTraining", "BertForSequenceClassification"]
        + ["BertForQuestionAnswering", "BertForNextSentencePrediction"],
    ),
    (
        "roberta",
        {},
        {"type_vocab_size": [1, 2]},
        ["RobertaForMaskedLM", "RobertaForSequenceClassification"]
        + ["RobertaForTokenClassification"],
    ),
    # These two without ForMaskedLM: it declares its head before its body, so that
    # the one tensor of a tied embedding first shows under the head's name.
    (
        "xlm-roberta",
        {},
        {"type_vocab_size": [1, 2]},
        ["XLMRobertaForSequenceClassification", "XLMRobertaForQuestionAnswering"]
        + ["XLMRobertaForMultipleChoice"],
    ),
    (
        "camembert",
        {},
        {"type_vocab_size": [1, 2]},
        ["CamembertForTokenClassification", "CamembertForSequenceClassification"],
    ),
    (
        "distilbert",
        {"dim": 64, "hidden_dim": 96},
        {"sinusoidal_pos_embds": SWITCH},
        ["DistilBertForMaskedLM", "DistilBertForSequenceClassification"]
        + ["DistilBertForQuestionAnswering", "DistilBertForTokenClassification"],
    ),
    (
        "electra",
        {},
        {"embedding_size": [32, 64]},
        ["ElectraForMaskedLM", "ElectraForPreTraining"]
        + ["ElectraForSequenceClassification", "ElectraForTokenClassification"],
    ),
    (
        "deberta-v2",
        {},
        {
            "type_vocab_size": [0, 2],
            "relative_attention": SWITCH,
            "share_att_key": SWITCH,
            "pos_att_type": [None, ["p2c", "c2p"], "c2p"],
            "position_biased_input": SWITCH,
            "position_buckets": [-1, 8],
            "norm_rel_ebd": ["none", "layer_norm"],
            "conv_kernel_size": [0, 3],
            "embedding_size": [32, 64],
            "legacy": SWITCH,
        },
        ["DebertaV2ForMaskedLM", "DebertaV2ForSequenceClassification"]
        + ["DebertaV2ForTokenClassification"],
    ),
    (
        "modernbert",
        {},
        {
            "norm_bias": SWITCH,
            "attention_bias": SWITCH,
            "mlp_bias": SWITCH,
            "decoder_bias": SWITCH,
            "classifier_bias": SWITCH,
            "global_attn_every_n_layers": [1, 2, 3],
        },
        ["ModernBertForMaskedLM", "ModernBertForSequenceClassification"],
    ),
]

TYPES = [
    (
        model_type,
        by_architecture(AutoModel.from_config),
        PLAIN | {"pad_token_id": 0} | base,
        PLAIN_FLAGS | flags | {"architectures": [None, *([c] for c in classes)]},
    )
    for model_type, base, flags, classes in ENCODERS
]
