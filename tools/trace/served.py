"""Traces how small models of every kind generate; writes tests/truth/served_steps.json.

    python tools/trace/served.py [--only PATTERN] [--out FILE] [--jobs N]

A case is a prompt's forward pass and the two after it, as generate() runs them: the
cache of its own, logits of the last token alone. Each runs in a process of its own.
"""

import argparse
import gc
import json
import multiprocessing
import re
import sys
import traceback

from runtime import DEVICE, torch

from cases.decoders import MODELS
from classes import class_of, config_of
from fields import DTYPES, get
from model import ATTENTION

SETTINGS = {
    "sdpa": {"batch": 2, "input_tokens": 320, "attention": "sdpa"},
    "sdpa one": {"batch": 1, "input_tokens": 512, "attention": "sdpa"},
    "eager": {"batch": 2, "input_tokens": 384, "attention": "eager"},
    "flash": {"batch": 3, "input_tokens": 256, "attention": "flash"},
    "padded": {"batch": 2, "input_tokens": 320, "attention": "sdpa", "padding_mask": True},
    "static": {"batch": 2, "input_tokens": 320, "attention": "sdpa", "cache_tokens": 400},
    "all logits": {"batch": 2, "input_tokens": 320, "attention": "sdpa", "logits_all": True},
    "fp32": {"batch": 2, "input_tokens": 256, "attention": "sdpa"},
}


# Encoders, and decoders that read one.
READERS = {"bert", "roberta", "t5"}


def cases():
    for model_type, fields in MODELS.items():
        if model_type in READERS:
            continue
        for name, serve in SETTINGS.items():
            yield f"{model_type} {name}", {
                "model": {"config": {"model_type": model_type, **fields}},
                "task": "serve",
                "serve": {"output_tokens": 3, **serve},
                "precision": {"weights": "fp32" if name == "fp32" else "bf16"},
            }


def build(scenario):
    config = config_of(scenario)
    with torch.device("cuda"):
        model = class_of(config)._from_config(
            config,
            attn_implementation=ATTENTION[get(scenario, "serve.attention")],
            dtype=DTYPES[get(scenario, "precision.weights")],
        )
    model.tie_weights()
    return model.eval()


def cache_of(model, scenario):
    from transformers import DynamicCache, StaticCache

    room = get(scenario, "serve.cache_tokens")
    if room is None:
        return DynamicCache(config=model.config)
    return StaticCache(config=model.config, max_cache_len=room)


class Served:
    """What stands, and the most that did, in each pass of a generation."""

    def __init__(self, scenario):
        start = DEVICE.live
        model = build(scenario)
        gc.collect()
        self.bytes = {"load": DEVICE.live - start}
        batch, tokens = (get(scenario, f"serve.{each}") for each in ("batch", "input_tokens"))
        ids = torch.zeros(batch, tokens, dtype=torch.long, device="cuda")
        self.inputs = ids.numel() * 8
        mask = None
        if get(scenario, "serve.padding_mask", False):
            mask = torch.ones(batch, tokens, dtype=torch.long, device="cuda")
        cache = cache_of(model, scenario)
        keep = 0 if get(scenario, "serve.logits_all", False) else 1
        with torch.no_grad():
            for name in ("prefill", "first", "second"):
                DEVICE.reset_peak()
                outputs = model(
                    input_ids=ids,
                    attention_mask=mask,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=keep,
                )
                self.bytes[name] = DEVICE.peak - start
                del outputs
                if name == "prefill":
                    gc.collect()
                    self.bytes["after prefill"] = DEVICE.live - start
                ids = torch.zeros(batch, 1, dtype=torch.long, device="cuda")
                if mask is not None:
                    mask = torch.ones(batch, mask.shape[1] + 1, dtype=torch.long, device="cuda")


def trace(case):
    name, scenario = case
    try:
        return {"name": name, "scenario": scenario, "bytes": Served(scenario).bytes}
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = str(error).strip().splitlines() or [type(error).__name__]
        return {"name": name, "error": f"{text[0]} ({where.name})"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--out", default="tests/truth/served_steps.json")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    chosen = [case for case in cases() if re.search(options.only, case[0])]
    context = multiprocessing.get_context("fork")
    gc.collect()
    gc.freeze()
    records = []
    with context.Pool(options.jobs, maxtasksperchild=1) as pool:
        for record in pool.imap(trace, chosen, chunksize=1):
            if "error" in record:
                print(f"{record['name']}: {record['error']}", file=sys.stderr, flush=True)
            else:
                records.append(record)
    with open(options.out, "w") as file:
        file.write("[\n")
        file.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in records))
        file.write("\n]\n")
    print(f"{options.out}: {len(records)} cases of {len(chosen)}")


if __name__ == "__main__":
    main()
