"""Truth of the families before llama, encoders and state space models."""

import transformers
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSpeechSeq2Seq,
)

from common import write

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

GPT = {"vocab_size": 320, "n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": 48}
GPT_FLAGS = VOCAB | TIED | {
    "n_layer": [1, 2, 5],
    "n_head": [2, 4, 8],
    "n_inner": [None, 96],
    "n_positions": [32, 48],
}
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
SSM = {"vocab_size": 320, "hidden_size": 64, "state_size": 8, "num_hidden_layers": 3}
SSM_FLAGS = VOCAB | TIED | {
    "num_hidden_layers": [1, 2, 5],
    "state_size": [8, 16],
    "expand": [1, 2],
    "conv_kernel": [3, 4],
    "use_bias": SWITCH,
    "use_conv_bias": SWITCH,
}
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

# gpt2 is not here: transformers 5.23 dropped the causal masks that its
# attentions kept as buffers until 5.0, so its buffers contradict
# parameters.json; the parameters are the same.
TYPES = [
    (
        "gpt_bigcode",
        CAUSAL,
        GPT,
        GPT_FLAGS | {"multi_query": SWITCH, "add_cross_attention": SWITCH},
    ),
    (
        # Only tied: what 5.0 named embed_out, as parameters.json has it, 5.23
        # names lm_head.
        "gpt_neox",
        CAUSAL,
        PLAIN | {"tie_word_embeddings": True},
        PLAIN_FLAGS
        | {
            "tie_word_embeddings": [True],
            "attention_bias": SWITCH,
            "rotary_pct": [0.25, 0.5, 1.0],
        },
    ),
    ("gptj", CAUSAL, GPT, GPT_FLAGS | {"rotary_dim": [4, 8, 16]}),
    ("codegen", CAUSAL, GPT, GPT_FLAGS | {"rotary_dim": [4, 8, 16]}),
    (
        "opt",
        CAUSAL,
        PLAIN | {"ffn_dim": 96},
        PLAIN_FLAGS
        | {
            "word_embed_proj_dim": [None, 32],
            "do_layer_norm_before": SWITCH,
            "_remove_final_layer_norm": SWITCH,
            "enable_bias": SWITCH,
            "layer_norm_elementwise_affine": SWITCH,
        },
    ),
    (
        "bloom",
        CAUSAL,
        {"vocab_size": 320, "hidden_size": 64, "n_layer": 3, "n_head": 4},
        VOCAB | TIED | {"n_layer": [1, 2, 5], "hidden_size": [32, 64]},
    ),
    (
        "falcon",
        CAUSAL,
        PLAIN,
        PLAIN_FLAGS
        | {
            "new_decoder_architecture": SWITCH,
            "multi_query": SWITCH,
            "parallel_attn": SWITCH,
            "bias": SWITCH,
            "alibi": SWITCH,
            "num_kv_heads": [None, 1, 2],
            "num_ln_in_parallel_attn": [None, 1, 2],
            "ffn_hidden_size": [None, 96],
        },
    ),
    (
        "mpt",
        CAUSAL,
        {"vocab_size": 320, "d_model": 64, "n_layers": 3, "n_heads": 4},
        VOCAB
        | TIED
        | {
            "n_layers": [1, 2, 5],
            "expansion_ratio": [2, 4],
            "no_bias": SWITCH,
            "attn_config.qk_ln": SWITCH,
        },
    ),
    ("t5", SEQ2SEQ, T5, T5_FLAGS),
    ("mt5", SEQ2SEQ, T5, T5_FLAGS),
    ("umt5", SEQ2SEQ, T5, T5_FLAGS),
    *(
        (
            model_type,
            by_architecture(AutoModel.from_config),
            PLAIN | {"pad_token_id": 0} | base,
            PLAIN_FLAGS | flags | {"architectures": [None, *([c] for c in classes)]},
        )
        for model_type, base, flags, classes in ENCODERS
    ),
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
    ("biogpt", CAUSAL, PLAIN, PLAIN_FLAGS | {"intermediate_size": [96, 128]}),
    (
        "xglm",
        CAUSAL,
        {
            "vocab_size": 320,
            "d_model": 64,
            "ffn_dim": 96,
            "attention_heads": 4,
            "max_position_embeddings": 48,
        },
        VOCAB | TIED | {"num_layers": [1, 2, 5], "add_cross_attention": SWITCH},
    ),
    (
        "gpt_neo",
        CAUSAL,
        {
            "vocab_size": 320,
            "hidden_size": 64,
            "num_layers": 4,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 2]],
        },
        VOCAB
        | TIED
        | {
            "intermediate_size": [None, 96],
            "max_position_embeddings": [32, 48],
            "hidden_size": [32, 64],
        },
    ),
    (
        "persimmon",
        CAUSAL,
        PLAIN,
        PLAIN_FLAGS
        | {"qk_layernorm": SWITCH, "partial_rotary_factor": [0.25, 0.5]},
    ),
    (
        "mamba",
        CAUSAL,
        SSM,
        SSM_FLAGS | {"time_step_rank": ["auto", 6], "intermediate_size": [None, 96]},
    ),
    (
        "mamba2",
        CAUSAL,
        SSM | {"head_dim": 16, "num_heads": 8},
        SSM_FLAGS | {"expand": [2], "n_groups": [1, 2, 4]},
    ),
    ("falcon_mamba", CAUSAL, SSM, SSM_FLAGS | {"time_step_rank": ["auto", 6]}),
    (
        "jamba",
        CAUSAL,
        PLAIN,
        PLAIN_FLAGS
        | {
            "num_hidden_layers": [2, 5, 8],
            "num_attention_heads": [4],
            "num_key_value_heads": [None, 1, 2],
            "num_experts": [1, 4],
            "attn_layer_period": [3, 4],
            "attn_layer_offset": [0, 1, 2],
            "expert_layer_period": [2, 3],
            "expert_layer_offset": [0, 1],
            "mamba_d_state": [8, 16],
            "mamba_expand": [1, 2],
            "mamba_dt_rank": ["auto", 6],
            "mamba_conv_bias": SWITCH,
            "mamba_proj_bias": SWITCH,
        },
    ),
    (
        "bamba",
        CAUSAL,
        PLAIN | {"mamba_n_heads": 8},
        PLAIN_FLAGS
        | {
            "num_hidden_layers": [2, 5],
            "num_attention_heads": [4],
            "num_key_value_heads": [None, 1, 2],
            "attn_layer_indices": [None, [1], [0, 3]],
            "mamba_n_groups": [1, 2],
            "mamba_d_state": [8, 16],
            "mamba_expand": [1, 2],
            "mamba_conv_bias": SWITCH,
            "mamba_proj_bias": SWITCH,
            "attention_bias": SWITCH,
            "mlp_bias": SWITCH,
        },
    ),
    (
        "zamba2",
        CAUSAL,
        PLAIN | {"mamba_d_state": 8},
        PLAIN_FLAGS
        | {
            "num_hidden_layers": [5],
            "num_attention_heads": [4],
            "num_key_value_heads": [None, 2],
            "layers_block_type": [
                ["mamba", "hybrid", "mamba", "hybrid", "hybrid"],
                ["linear_attention", "hybrid", "linear_attention"],
                ["hybrid", "hybrid", "hybrid", "mamba", "hybrid"],
            ],
            "num_mem_blocks": [1, 2],
            "use_shared_attention_adapter": SWITCH,
            "adapter_rank": [8],
            "use_mem_rope": SWITCH,
            "add_bias_linear": SWITCH,
            "use_conv_bias": SWITCH,
            "mamba_ngroups": [1, 2],
        },
    ),
    (
        "rwkv",
        CAUSAL,
        {"vocab_size": 320, "hidden_size": 64, "num_hidden_layers": 3},
        VOCAB
        | TIED
        | {
            "num_hidden_layers": [1, 2, 5],
            "attention_hidden_size": [None, 32],
            "intermediate_size": [None, 96],
        },
    ),
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

if __name__ == "__main__":
    write("tests/truth/random_classic.json", TYPES)
