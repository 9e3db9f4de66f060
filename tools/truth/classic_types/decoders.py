"""Decoders before LLaMA."""

from .shared import CAUSAL, PLAIN, PLAIN_FLAGS, SWITCH, TIED, VOCAB

GPT = {"vocab_size": 320, "n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": 48}
GPT_FLAGS = VOCAB | TIED | {
    "n_layer": [1, 2, 5],
    "n_head": [2, 4, 8],
    "n_inner": [None, 96],
    "n_positions": [32, 48],
}
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
]
LATER = [
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
]
