"""Truth of LoRA: what PEFT makes trainable in random models, or why it stops.

The models are those of the other groups' scripts, on the meta device; each gets
some random LoraConfigs whose targets are drawn from its own modules.
"""

import json
import random
import re
import sys
import warnings

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig
from transformers.pytorch_utils import Conv1D

import classic
import dense
import recent
import vision
from common import NOISE, mixed, plain

CASES = 4
PATH = "tests/truth/random_lora.json"
LINEAR = (torch.nn.Linear, Conv1D)
ADAPTABLE = LINEAR + (torch.nn.Embedding, torch.nn.Conv1d, torch.nn.Conv2d)


def terse(value):
    """A config without the noise."""
    if isinstance(value, dict):
        return {k: terse(v) for k, v in value.items() if k not in NOISE}
    return value


def named(model, kinds):
    return [n for n, m in model.named_modules() if n and isinstance(m, kinds)]


def leaf(path):
    return path.rpartition(".")[2]


def suffix(path, rng):
    """The end of a path, of any length: it may hold a layer's number."""
    keys = path.split(".")
    return ".".join(keys[-rng.randint(1, len(keys)) :])


def some(items, rng, most=4):
    items = list(dict.fromkeys(items))
    return sorted(rng.sample(items, min(len(items), rng.randint(1, most))))


def holders(model):
    """Paths of modules that hold parameters and that LoRA has no layer for."""
    return [
        n
        for n, m in model.named_modules()
        if n and not isinstance(m, ADAPTABLE) and any(True for _ in m.parameters())
    ]


def targets(model, rng):
    linear, adaptable = named(model, LINEAR), named(model, ADAPTABLE)
    kind = rng.choice(
        ["default", "all", "all", "leaves", "leaves", "leaves", "any"]
        + ["suffixes", "regex", "regex", "layers", "holder", "unknown"]
    )
    leaves = [leaf(path) for path in linear]
    if kind == "default":
        return None
    if kind == "all":
        return "all-linear"
    if kind == "leaves":
        return some(leaves, rng)
    if kind == "any":
        return some([leaf(path) for path in adaptable], rng)
    if kind == "suffixes":
        return some([suffix(path, rng) for path in adaptable], rng)
    if kind == "regex":
        return rf".*\.({'|'.join(some(leaves, rng, 3))})"
    if kind == "layers":
        return rf".*\.[0-2]\..*({'|'.join(some(leaves, rng, 2))})"
    if kind == "holder":
        return some(leaves, rng, 1) + [leaf(rng.choice(holders(model)))]
    return some(leaves, rng, 1) + ["no_such_module"]


def saved(model, rng):
    """Modules to save: mostly none."""
    draw = rng.random()
    if draw < 0.6:
        return []
    try:
        ends = [model.get_input_embeddings(), model.get_output_embeddings()]
    except NotImplementedError:  # CLIP and kin have two of them
        ends = []
    embeddings = [
        leaf(n)
        for n, m in model.named_modules(remove_duplicate=False)
        if n and any(m is end for end in ends)
    ]
    if draw < 0.85 and embeddings:
        return some(embeddings, rng)
    paths = [n for n, _ in model.named_modules() if n]
    return [leaf(rng.choice(paths if draw < 0.9 else holders(model)))]


def parameters(model, rng):
    """Bare parameters to adapt: experts mostly, of the models that have them."""
    stacks = [n for n, p in model.named_parameters() if p.ndim == 3 and "conv" not in n]
    draw = rng.random()
    if stacks and draw < 0.4:
        return some([suffix(path, rng) for path in stacks] + [leaf(p) for p in stacks], rng, 2)
    if draw < 0.04:
        return [suffix(rng.choice([n for n, _ in model.named_parameters()]), rng)]
    return []


def case(build, config, rng):
    """One LoraConfig on a fresh model, and what came of it."""
    with torch.device("meta"):
        model = build(config)
    lora = {"r": rng.choice([1, 2, 4, 8, 16])}
    wanted = targets(model, rng)
    if wanted is not None:
        lora["target_modules"] = wanted
    flags = {
        "modules_to_save": saved(model, rng),
        "target_parameters": parameters(model, rng),
        "use_dora": rng.random() < 0.2,
        "use_rslora": rng.random() < 0.2,
        "bias": rng.choice(["none", "none", "none", "all", "lora_only"]),
    }
    lora |= {k: v for k, v in flags.items() if v and v != "none"}
    try:
        adapted = get_peft_model(model, LoraConfig(**lora))
    except Exception as error:
        text = re.sub(r"\s+", " ", str(error))
        return {"lora": lora, "error": f"{type(error).__name__}: {text[:120]}"}
    return {"lora": lora, "trainable": adapted.get_nb_trainable_parameters()[0]}


def cases_of(index, model_type, build, base, choices, *_):
    rng = random.Random(f"{index} {model_type}")
    for _ in range(20):
        try:
            config = AutoConfig.for_model(model_type, **mixed(base, choices, rng))
            with torch.device("meta"):
                build(config)
            break
        except Exception:  # a mix that transformers refuses
            continue
    else:
        print(f"{model_type}: no config", file=sys.stderr)
        return None
    return {
        "model_type": config.model_type,
        "config": terse(plain(config.to_dict())),
        "cases": [case(build, config, rng) for _ in range(CASES)],
    }


def main():
    warnings.simplefilter("ignore")
    records, seen = [], {}
    for group in (dense, classic, vision, recent):
        for entry in group.TYPES:
            index = seen[entry[0]] = seen.get(entry[0], -1) + 1
            records.append(cases_of(index, *entry))
    versions = {m.__name__: m.__version__ for m in (peft, transformers, torch)}
    records = [record for record in records if record]
    with open(PATH, "w") as file:
        file.write(f'{{"versions":{json.dumps(versions)},"models":[\n')
        file.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in records))
        file.write("\n]}\n")
    count = sum(len(record["cases"]) for record in records)
    print(f"{PATH}: {count} cases, {versions}")


if __name__ == "__main__":
    main()
