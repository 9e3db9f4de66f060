"""Dimensions, flags and builders that several of the types have."""

import transformers
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

CAUSAL = AutoModelForCausalLM.from_config
SEQ2SEQ = AutoModelForSeq2SeqLM.from_config


def by_architecture(otherwise):
    """Builds the class that a config names, or else what `otherwise` does."""

    def build(config):
        if not config.architectures:
            return otherwise(config)
        return getattr(transformers, config.architectures[0])._from_config(config)

    return build


SWITCH = [True, False]
VOCAB = {"vocab_size": [320, 512]}
TIED = {"tie_word_embeddings": SWITCH}
PLAIN = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 48,
}
PLAIN_FLAGS = VOCAB | TIED | {
    "num_hidden_layers": [1, 2, 5],
    "num_attention_heads": [2, 4, 8],
}
