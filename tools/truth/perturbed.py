"""Configs of transformers' classes with fields changed at random, and what each class then has.

Every class of every type that reads or writes text is built on the meta device, as its
own defaults have it and with other widths, depths, switches and ties; a config is
written as it is saved, whole or without what its class says anyway. What
`deno run -A tools/truth/perturbed.ts FOUND.jsonl` counts otherwise is told by it.

    python tools/truth/perturbed.py FOUND.jsonl [--seed N] [--part I/N] [--usual] [TYPE…]
"""

import argparse
import dataclasses
import json
import random
import re
import signal
import sys
import time
import typing

import torch
import transformers
from every_cache_types import TWEAKS
from recipe_builds import DEEP, NEEDED, NOISE, held
from transformers import AutoConfig, PreTrainedConfig
from transformers.models.auto import modeling_auto

SECONDS = 60
# How many configs of the class that a type is mostly saved as, and of each other one.
USUAL, OTHERS = 6, 1
ATTEMPTS = 14

MAPPINGS = [
    "CAUSAL_LM", "IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM", "SEQ_TO_SEQ_CAUSAL_LM", "SPEECH_SEQ_2_SEQ", "MASKED_LM",
    "PRETRAINING", "CTC", "TEXT_ENCODING", "SEQUENCE_CLASSIFICATION", "TOKEN_CLASSIFICATION", "QUESTION_ANSWERING",
]
BODY = "MODEL_MAPPING_NAMES"


def names_in(mapping, kind):
    names = mapping.get(kind, ())
    return [names] if isinstance(names, str) else list(names)


def classes():
    """The classes of each type, the one that it is mostly saved as first."""
    found = {}
    for name in [f"MODEL_FOR_{m}_MAPPING_NAMES" for m in MAPPINGS] + [BODY]:
        mapping = getattr(modeling_auto, name)
        for kind in mapping:
            if name == BODY and kind not in found:
                continue
            for each in names_in(mapping, kind):
                cls = getattr(transformers, each, None)
                if isinstance(cls, type) and cls not in found.setdefault(kind, []):
                    found[kind].append(cls)
    return found


def leaves(config, path=()):
    """Paths and values of a config's fields, those of inner configs included."""
    for field in dataclasses.fields(config):
        value = held(config, field.name)
        if NOISE.match(field.name):
            continue
        if isinstance(value, PreTrainedConfig):
            yield from leaves(value, (*path, field.name))
        else:
            yield (*path, field.name), value, config


def another_number(name, value, rng):
    if re.search(r"vocab|position|length|context", name):
        return value + rng.choice([1, 7, 24, 128])
    if DEEP.search(name):
        return rng.choice([2, 3, 4, 5])
    choices = [value * 2, value * 3, value + 1]
    if value % 2 == 0:
        choices += [value // 2, value // 2 * 3]
    if value > 8:
        choices.append(value + value // 8)
    return rng.choice(choices)


def unsaid_number(name, rng):
    """A number for a field that a class leaves open."""
    if re.search(r"head_dim$", name):
        return rng.choice([24, 40, 96])
    if re.search(r"key_value_heads|kv_heads", name):
        return rng.choice([1, 2])
    if re.search(r"lora_rank$", name):
        return rng.choice([48, 96])
    if re.search(r"intermediate_size$|ffn_dim$|n_inner$|d_inner$", name):
        return rng.choice([80, 96, 1000])
    return None


def may_be_open(config, name):
    """Whether a class's field takes null too."""
    field = next(f for f in dataclasses.fields(config) if f.name == name)
    return type(None) in typing.get_args(field.type)


def follow_depths(config, tree, rng):
    """Lists of what each layer is become as long as the layers are many."""
    values = object.__getattribute__(config, "__dict__")
    for name, value in values.items():
        if isinstance(value, PreTrainedConfig):
            inner = tree.get(name, {})
            follow_depths(value, inner, rng)
            if inner:
                tree[name] = inner
        elif isinstance(value, (list, tuple)) and len(value) > 1 and name not in tree:
            depths = [d for d in values if DEEP.search(d) and values[d] == len(value) and d in tree]
            if depths:
                tree[name] = [rng.choice(value) for _ in range(tree[depths[0]])]


def changed(config, rng, rate):
    """A tree of fields with some values changed."""
    tree = {}

    def put(path, value):
        at = tree
        for name in path[:-1]:
            at = at.setdefault(name, {})
        at[path[-1]] = value

    for path, value, owner in leaves(config):
        name = path[-1]
        if isinstance(value, bool):
            if rng.random() < rate / 2:
                put(path, not value)
        elif isinstance(value, int):
            if DEEP.search(name) and value > 5 and rng.random() < 3 * rate:
                put(path, another_number(name, value, rng))
            elif re.search(r"key_value_heads|kv_heads", name) and rng.random() < rate / 2:
                put(path, 1)
            elif name.endswith("rank") and rng.random() < rate / 2 and may_be_open(owner, name):
                put(path, None)
            elif re.search(r"shared_experts$|dense", name) and rng.random() < rate:
                put(path, rng.choice([0, 1, 2]))
            elif value > 0 and rng.random() < rate:
                put(path, another_number(name, value, rng))
        elif value is None:
            number = unsaid_number(name, rng) if rng.random() < rate else None
            if number is not None:
                put(path, number)
        elif isinstance(value, (list, tuple)) and value and rng.random() < rate / 2:
            if all(isinstance(v, int) and not isinstance(v, bool) for v in value):
                put(path, [v * 2 for v in value] if max(value) < 4096 else [v // 2 for v in value])
    ties = getattr(config, "tie_word_embeddings", None)
    if ties is not None and rng.random() < 0.3:
        put(("tie_word_embeddings",), not ties)
    follow_depths(config, tree, rng)
    if rng.random() < rate:
        tree["num_labels"] = rng.choice([1, 3, 9])
    return tree


def merged(under, over):
    out = dict(under)
    for key, value in over.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out


def needed(kind):
    return TWEAKS.get(kind, {}).get("config", {}) | NEEDED.get(kind, {})


def built(cls, config):
    with torch.device("meta"):
        model = cls._from_config(config) if hasattr(cls, "_from_config") else cls(config)
    seen, total, tensors = set(), 0, {}
    for name, tensor in model.named_parameters(remove_duplicate=False):
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        total += tensor.numel()
        key = json.dumps([re.sub(r"\.\d+(?=\.|$)", ".N", name), list(tensor.shape)])
        tensors[key] = tensors.get(key, 0) + 1
    return total, [[*json.loads(key), n] for key, n in tensors.items()]


def thinned(said, rng):
    """A config without some of its fields, as files that people edit are."""
    return {
        key: thinned(value, rng) if isinstance(value, dict) else value
        for key, value in said.items() if isinstance(value, dict) or key == "model_type" or rng.random() > 0.2
    }


def record(kind, cls, config, number, rng):
    """What a class has by a config as it is saved: whole, its differences, or thinned."""
    said = config.to_diff_dict() if number % 2 else config.to_dict()
    if number % 3 == 2:
        said = thinned(said, rng)
    text = json.dumps(said | {"architectures": [cls.__name__], "model_type": kind}, default=str)
    total, tensors = built(cls, type(config).from_dict(json.loads(text)))
    return {
        "name": f"{kind} {cls.__name__} {number}", "model_type": kind, "class": cls.__name__,
        "config": text, "total": total, "tensors": tensors,
    }


def usual_class(kind, found, rng):
    """The first class that a type's own defaults build, and its record."""
    for cls in found:
        try:
            return cls, record(kind, cls, AutoConfig.for_model(kind, **needed(kind)), 0, rng)
        except TimeoutError:
            raise
        except Exception as error:
            print(f"{kind} {cls.__name__}: its defaults build nothing: {type(error).__name__} {error}"[:200], flush=True)
    return None, None


def records(kind, cls, count, rng):
    default = AutoConfig.for_model(kind, **needed(kind))
    for number in range(1, count + 1):
        for attempt in range(ATTEMPTS):
            rate = 0.35 / (1 + attempt // 3)
            try:
                config = AutoConfig.for_model(kind, **merged(needed(kind), changed(default, rng, rate)))
                yield record(kind, cls, config, number, rng)
                break
            except TimeoutError:
                raise
            except Exception as error:
                last = error
        else:
            print(f"{kind} {cls.__name__} {number}: {type(last).__name__} {last}"[:200], flush=True)


def written(out, each):
    with open(out, "a") as file:
        file.write(json.dumps(each) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("types", nargs="*", default=[])
    parser.add_argument("--seed", default="1")
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--usual", action="store_true", help="only the class that a type is mostly saved as")
    arguments = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    part, parts = map(int, arguments.part.split("/"))
    known = classes()

    def late(*_):
        raise TimeoutError("too slow")

    signal.signal(signal.SIGALRM, late)
    for at, kind in enumerate(arguments.types or sorted(known)):
        if at % parts != part:
            continue
        begun = time.time()
        signal.alarm(SECONDS)
        rng = random.Random(f"{arguments.seed} {kind}")
        try:
            usual, first = usual_class(kind, known.get(kind, []), rng)
        except TimeoutError:
            usual, first = None, None
        if first is None:
            print(f"{kind}: BUILDS NOTHING", flush=True)
            continue
        written(arguments.out, first)
        for cls in [usual] if arguments.usual else known[kind]:
            rng = random.Random(f"{arguments.seed} {kind} {cls.__name__}")
            signal.alarm(SECONDS if cls is usual else SECONDS // 4)
            try:
                for each in records(kind, cls, USUAL if cls is usual else OTHERS, rng):
                    written(arguments.out, each)
            except TimeoutError:
                print(f"{kind} {cls.__name__}: too slow", flush=True)
            except Exception as error:
                print(f"{kind} {cls.__name__}: FAILS {type(error).__name__} {error}"[:200], flush=True)
            finally:
                signal.alarm(0)
        print(f"{kind} {time.time() - begun:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
