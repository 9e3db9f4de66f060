"""Counts the parameters of transformers' own models, without memory for them.

Each group's script beside this one lists model types with a small config and
the values that its fields may take; `write` builds the models of random mixes
on the meta device and records every tensor.
"""

import json
import random
import re
import sys

import torch
import transformers
from transformers import AutoConfig

# What no family reads: every config has it, and it says nothing about tensors.
NOISE = {
    "output_hidden_states",
    "output_attentions",
    "return_dict",
    "chunk_size_feed_forward",
    "transformers_version",
    "initializer_range",
    "use_cache",
    "bos_token_id",
    "eos_token_id",
    "attention_dropout",
    "hidden_act",
}

PER_TYPE = 8

# Null means another thing than silence there.
NULLS = {"mamba_d_ssm", "per_layer_config", "q_lora_rank", "rope_theta"}


def in_order(path):
    """A key that leaves names in the order of modules."""
    return 0


def describe(name, config, build, fields=None, first=in_order):
    """Records the tensors of one model: name, shape and how many there are.

    The config is the whole one, or the given fields alone. Of the names of one
    tensor the first counts, by the order of modules or by a key of the names.
    """
    with torch.device("meta"):
        model = build(config)
    counts, total, seen = {}, 0, set()
    named = list(model.named_parameters(remove_duplicate=False))
    for path, tensor in sorted(named, key=lambda each: first(each[0])):
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        key = (re.sub(r"\.\d+(?=\.|$)", ".N", path), tuple(tensor.shape))
        counts[key] = counts.get(key, 0) + 1
        total += tensor.numel()
    buffers = sum(b.numel() * b.element_size() for _, b in model.named_buffers())
    return {
        "name": name,
        "model_type": config.model_type,
        "class": type(model).__name__,
        "config": given(config.model_type, fields) if fields else plain(config.to_dict()),
        "total": total,
        "buffer_bytes": buffers,
        "tensors": [[path, list(shape), n] for (path, shape), n in counts.items()],
    }


def plain(value):
    """Keeps what JSON can hold, without what says nothing about tensors."""
    if isinstance(value, dict):
        return {
            k: plain(v)
            for k, v in value.items()
            if (v is not None or k in NULLS)
            and k not in ("id2label", "label2id", "dtype", "_name_or_path")
        }
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return value


def given(model_type, fields):
    """A config as short as people write it: the rest is what its class says."""
    return {"model_type": model_type} | plain(fields)


def mixed(base, choices, rng):
    """A config: the base with one value of each list of choices."""
    config = json.loads(json.dumps(base))
    for path, values in choices.items():
        *sections, key = path.split(".")
        section = config
        for name in sections:
            section = section.setdefault(name, {})
        section[key] = rng.choice(values)
    return config


def write(path, types, seed=7):
    """Writes the truth of each type: (model_type, build, base, choices).

    A fifth item that is true keeps what a config leaves out out of its record.
    """
    rng = random.Random(seed)
    records = []
    for model_type, build, base, choices, *terse in types:
        done = 0
        for attempt in range(PER_TYPE * 4):
            if done == PER_TYPE:
                break
            fields = mixed(base, choices, rng)
            try:
                config = AutoConfig.for_model(model_type, **fields)
                short = fields if any(terse) else None
                records.append(describe(f"{model_type} {done}", config, build, short))
                done += 1
            except Exception as error:  # a mix that transformers refuses
                if attempt == PER_TYPE * 4 - 1:
                    print(f"{model_type}: {error}", file=sys.stderr)
    with open(path, "w") as file:
        file.write("[\n")
        file.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in records))
        file.write("\n]\n")
    print(f"{path}: {len(records)} models, transformers {transformers.__version__}")
