"""Truth of what models keep between tokens: each layer's cache after a forward.

Takes the small models of the other groups, whose configs tests/truth holds, and
gives some of them windows, for the lists of kinds are mostly longer than theirs.
"""

import json
import random
import sys

import torch
import transformers
from transformers import AutoConfig
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

GROUPS = ["dense", "classic", "vision", "recent"]
TOKENS = 7
PER_TYPE = 4

# What says which layers have windows; without them the class's own rule holds.
WINDOWS = [
    "sliding_window",
    "sliding_window_size",
    "sliding_window_pattern",
    "layer_types",
    "max_window_layers",
    "use_sliding_window",
    "attention_chunk_size",
    "attention_window_size",
]


def shape(tensor):
    """Of one sequence: heads and features, without the tokens between them."""
    return [tensor.shape[1], tensor.shape[3]] if tensor.dim() == 4 else list(tensor.shape[1:])


def kept(layer):
    """What one layer's cache holds."""
    found = {"class": type(layer).__name__}
    keys, values = getattr(layer, "keys", None), getattr(layer, "values", None)
    if keys is not None and keys.numel() > 0:
        found |= {"keys": shape(keys), "values": shape(values) if values is not None else None}
    window = getattr(layer, "sliding_window", None)
    if window is not None:
        found["window"] = window
    for name in ("conv_states", "recurrent_states"):
        states = getattr(layer, name, None)
        if states is None:
            continue
        each = states if isinstance(states, (list, tuple)) else states.values() if isinstance(states, dict) else [states]
        found[name] = [list(s.shape[1:]) for s in each if s is not None]
    indexer = getattr(layer, "indexer_keys", None)
    if indexer is not None:
        found["indexer"] = [indexer.shape[-1]]
    return found


def inputs(config):
    text = config.get_text_config(decoder=True)
    ids = torch.randint(5, min(100, text.vocab_size), (1, TOKENS))
    if config.model_type == "whisper":
        frames = 2 * config.max_source_positions
        return {
            "input_features": torch.randn(1, config.num_mel_bins, frames),
            "decoder_input_ids": ids,
        }
    if config.is_encoder_decoder:
        return {"input_ids": ids, "decoder_input_ids": ids}
    return {"input_ids": ids}


def runs(name, config):
    model = getattr(transformers, name)(config).eval()
    text = config.get_text_config(decoder=True)
    given = inputs(config)
    if not config.is_encoder_decoder:
        given["past_key_values"] = DynamicCache(config=config)
    with torch.no_grad():
        out = model(**given, use_cache=True)
    cache = getattr(out, "past_key_values", None)
    if cache is None:
        cache = getattr(out, "cache_params", None)
    if isinstance(cache, EncoderDecoderCache):
        return {
            "layers": [kept(x) for x in cache.self_attention_cache.layers],
            "cross": [kept(x) for x in cache.cross_attention_cache.layers],
        }
    return {"layers": [kept(x) for x in cache.layers]}


def variants(config, rng):
    """The config as it is, without a word of windows, and with small ones."""
    yield config
    section = config.get("text_config")
    section = section if isinstance(section, dict) else config
    silent = json.loads(json.dumps(config))
    inner = silent.get("text_config") if section is not config else silent
    for key in WINDOWS:
        inner.pop(key, None)
    yield silent
    if "layer_types" not in section or "sliding_window" in section:
        small = json.loads(json.dumps(silent))
        inner = small.get("text_config") if section is not config else small
        inner |= {"sliding_window": rng.choice([3, 4]), "use_sliding_window": True, "max_window_layers": 1}
        yield small


def main():
    torch.manual_seed(7)
    rng = random.Random(7)
    done, records, failures = {}, [], {}
    for group in GROUPS:
        with open(f"tests/truth/random_{group}.json") as file:
            models = json.load(file)
        for model in models:
            kind = model["model_type"]
            key = (kind, model["class"])
            if done.get(key, 0) >= PER_TYPE or not any(
                end in model["class"] for end in ("LM", "Generation", "LMHeadModel")
            ):
                continue
            if "MaskedLM" in model["class"]:
                continue
            done[key] = done.get(key, 0) + 1
            for config in variants(model["config"], rng):
                fields = {k: v for k, v in config.items() if k != "model_type"}
                try:
                    built = AutoConfig.for_model(kind, **json.loads(json.dumps(fields)))
                    records.append(
                        {"model_type": kind, "class": model["class"], "config": config} | runs(model["class"], built)
                    )
                except Exception as error:
                    failures.setdefault(key, f"{type(error).__name__}: {error}"[:160])
    known = {(r["model_type"], r["class"]) for r in records}
    for key, error in failures.items():
        print(key, error, "" if key in known else "(never)", file=sys.stderr)
    with open("tests/truth/caches.json", "w") as file:
        file.write("[\n")
        file.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in records))
        file.write("\n]\n")
    print(f"{len(records)} caches of {len({r['model_type'] for r in records})} types, transformers {transformers.__version__}")


main()
