"""Writes where each class of transformers keeps its decoder's config, and its defaults.

    python tools/truth/cache_classes.py > lib/models/families/classes.json

Of the fields those alone that decide what a decoder keeps between tokens. A class
that generates, or is a part of one that does, has an entry.
"""

import dataclasses
import json

import transformers
from every_cache import classes, text_path
from every_cache_types import SKIPPED, TWEAKS, VARIED
from transformers import AutoConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

KEYS = VARIED | {
    "use_sliding_window", "max_window_layers", "sliding_window_pattern", "attn_layer_period", "attn_layer_offset",
    "full_attention_interval", "mamba_num_heads", "mamba_head_dim", "mamba_ngroups", "n_mamba_heads", "attention_head_dim",
    "num_kv_shared_layers", "attention_k_eq_v", "kv_channels", "multi_query", "intermediate_size_mamba", "num_heads",
    "is_encoder_decoder", "linear_head_dim", "time_step_rank", "mamba_dt_rank", "embed_dim", "emb_dim", "n_heads",
    "max_source_positions", "attention_hidden_size", "qk_dim_factor", "v_dim_factor", "interleave_moe_layer_step",
    "no_rope_layer_interval", "num_codebooks", "swa_kv_lora_rank", "swa_qk_rope_head_dim", "swa_v_head_dim", "swa_qk_nope_head_dim",
}


def stated(cls):
    """A class's own defaults, before it works anything out."""
    found = {}
    for field in dataclasses.fields(cls):
        default = field.default
        if field.name in KEYS and isinstance(default, (int, str)) and not (isinstance(default, bool) and not default):
            found[field.name] = default
    return found


def main():
    transformers.logging.set_verbosity_error()
    found, inner = {}, {}
    for kind in [*classes(), *SKIPPED]:
        try:
            config = AutoConfig.for_model(kind, **json.loads(json.dumps(TWEAKS.get(kind, {}).get("config", {}))))
        except Exception:
            config = None
        entry = stated(transformers.CONFIG_MAPPING[kind])
        if config is not None:
            path = text_path(config)
            if path:
                text = config.get_text_config(decoder=True)
                inner[text.model_type] = stated(type(text))
                entry = {"text": path, "type": text.model_type}
        found[kind] = entry
    print(json.dumps({k: v for k, v in sorted({**inner, **found}.items())}, separators=(",", ":")).replace("},\"", "},\n\""))


main()
