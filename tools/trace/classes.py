"""Which class of transformers a Scenario's model is, and what its head tells."""

from runtime import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING


def config_of(scenario):
    fields = dict(scenario["model"]["config"])
    return CONFIG_MAPPING[fields.pop("model_type")](**fields)


def class_of(config):
    """The class that a config names, or the one with the loss that its type is trained with."""
    if config.architectures:
        return getattr(transformers, config.architectures[0])
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING,
        MODEL_FOR_MASKED_LM_MAPPING,
        MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    )

    if config.is_encoder_decoder:
        order = [MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING]
    elif type(config) in MODEL_FOR_MASKED_LM_MAPPING and not getattr(config, "is_decoder", False):
        order = [MODEL_FOR_MASKED_LM_MAPPING, MODEL_FOR_CAUSAL_LM_MAPPING]
    else:
        order = [MODEL_FOR_CAUSAL_LM_MAPPING]
    for mapping in order:
        if type(config) in mapping:
            return mapping[type(config)]
    raise ValueError(f"{config.model_type} has no language-modelling head")


def head_of(config):
    """What the config's class tells of: "" where that is words, or nothing."""
    (name,) = config.architectures or [""]
    heads = ("SequenceClassification", "TokenClassification", "QuestionAnswering")
    for head in heads:
        if name.endswith(f"For{head}"):
            return head
    words = name.endswith(("LMHeadModel", "MTModel"))
    return "nothing" if name.endswith("Model") and not words else ""
