"""Truth of what models keep between tokens: each layer's cache after a forward.

Takes the small models of the other groups, whose configs tests/truth holds, and
gives some of them windows, for the lists of kinds are mostly longer than theirs.
"""

import json
import random
import sys

import torch
import transformers
from common import NOISE
from transformers import AutoConfig
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

# Classes that write token after token.
WRITERS = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")
GROUPS = ["dense", "classic", "vision", "recent"]
TOKENS = 7
PER_TYPE = 2

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
    "block_types",
    "mlp_layer_types",
]

# Pooled rows and an indexer's keys are looked at by every_cache.py.
ELSEWHERE = ["deepseek_v4", "minimax_m3_vl", "minimax_m3_vl_text"]

# Types whose heads are turned by time, height and width.
THREEFOLD = ["qwen2_vl", "qwen2_5_vl", "glm4v", "glm4v_moe", "glm_ocr", "glm46v"]


# What is not recorded: it says nothing about a cache.
UNSAID = NOISE | {
    "audio_config",
    "id2label",
    "initializer_factor",
    "label2id",
    "rms_norm_eps",
    "time_step_limit",
    "torch_dtype",
    "vision_config",
}


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


def in_runs(layers):
    """Layers that are alike, one after the other, with how many they are."""
    found = []
    for layer in layers:
        if found and found[-1][1] == layer:
            found[-1][0] += 1
        else:
            found.append([1, layer])
    return found


def runs(name, config):
    model = getattr(transformers, name)(config).eval()
    text = config.get_text_config(decoder=True)
    given = inputs(config)
    if not config.is_encoder_decoder and config.model_type != "minimax":
        given["past_key_values"] = DynamicCache(config=config)
    with torch.no_grad():
        out = model(**given, use_cache=True)
    cache = getattr(out, "past_key_values", None)
    if cache is None:
        cache = getattr(out, "cache_params", None)
    if isinstance(cache, EncoderDecoderCache):
        return {
            "layers": in_runs(map(kept, cache.self_attention_cache.layers)),
            "cross": in_runs(map(kept, cache.cross_attention_cache.layers)),
        }
    layers = [kept(x) for x in cache.layers]
    for at, state in enumerate(getattr(cache, "linear_cache", [])):
        if torch.is_tensor(state):
            layers[at:at + 1] = [{"class": "LinearAttentionLayer", "recurrent_states": [list(state.shape[1:])]}]
    return {"layers": in_runs(layers)}


def text_of(config):
    section = config.get("text_config")
    return section if isinstance(section, dict) else config


def variants(config, rng):
    """The config as it is, deep without a word of windows, and with small ones."""
    config = json.loads(json.dumps(config))
    text = text_of(config)
    text.pop("time_step_limit", None)
    if config["model_type"] == "kimi_linear":
        text |= {"num_experts_per_token": 1, "num_experts_per_tok": 1, "n_group": 1, "topk_group": 1}
    if config["model_type"] in THREEFOLD:
        rope = text.setdefault("rope_parameters", {"rope_type": "default", "rope_theta": 10000.0})
        whole = text.get("head_dim") or text["hidden_size"] // text["num_attention_heads"]
        half = int(whole * rope.get("partial_rotary_factor", 1)) // 2
        rope["mrope_section"] = [half - 2 * (half // 3), half // 3, half // 3]
    yield config
    deep = json.loads(json.dumps(config))
    inner = text_of(deep)
    for key in WINDOWS:
        inner.pop(key, None)
    if "num_hidden_layers" in inner and "layers_block_type" not in inner:
        inner["num_hidden_layers"] = 8
        inner.pop("no_rope_layers", None)
    yield deep
    small = json.loads(json.dumps(deep))
    text_of(small).update({
        "sliding_window": rng.choice([3, 4]),
        "use_sliding_window": True,
        "max_window_layers": 1,
    })
    apart = ("kv_lora_rank", "cross_attention_layers", "state_size")
    if not config.get("is_encoder_decoder") and not any(key in text for key in apart):
        yield small


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    rng = random.Random(7)
    done, records, failures = {}, [], {}
    for group in GROUPS:
        with open(f"tests/truth/random_{group}.json") as file:
            models = json.load(file)
        for model in models:
            kind = model["model_type"]
            key = (kind, model["class"])
            if kind in ELSEWHERE or done.get(key, 0) >= PER_TYPE or not model["class"].endswith(WRITERS):
                continue
            for turn, config in enumerate(variants(model["config"], rng)):
                fields = {k: v for k, v in config.items() if k != "model_type"}
                try:
                    built = AutoConfig.for_model(kind, **json.loads(json.dumps(fields)))
                    said = {k: v for k, v in config.items() if k not in UNSAID and v is not None}
                    if isinstance(said.get("text_config"), dict):
                        text = said["text_config"].items()
                        said["text_config"] = {k: v for k, v in text if k not in UNSAID and v is not None}
                    known = {"model_type": kind, "class": model["class"], "config": said}
                    records.append(known | runs(model["class"], built))
                    done[key] = done.get(key, 0) + (turn == 0)
                except Exception as error:
                    failures.setdefault(key, f"{type(error).__name__}: {error}"[:160])
    seen = {(r["model_type"], r["class"]) for r in records}
    for key, error in failures.items():
        print(key, error, "" if key in seen else "(never)", file=sys.stderr)
    with open("tests/truth/caches.json", "w") as file:
        file.write("[\n")
        file.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in records))
        file.write("\n]\n")
    print(f"{len(records)} caches of {len({r['model_type'] for r in records})} types, transformers {transformers.__version__}")


main()
