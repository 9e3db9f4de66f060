"""Truth of every class that transformers has for a model type: what each keeps
of the model, and which head it puts on it.

The models are those of the other groups' scripts; each class gets some random
configs, and a head that tells labels apart gets their number in one of the ways
that a config.json may say it.
"""

import importlib
import inspect
import json
import random
import re
import sys

import transformers
from transformers import AutoConfig, PreTrainedModel
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import classic
import dense
import recent
import vision
from classic_types import decoders
from common import NOISE, describe, mixed

transformers.logging.set_verbosity_error()

CASES = 2
PATH = "tests/truth/random_heads.json"
CLASSES = "lib/models/heads/classes.json"
# How many labels there are stands in id2label.
UNREAD = NOISE | {"num_labels", "problem_type"}
GPT2 = ("gpt2", None, decoders.GPT, decoders.GPT_FLAGS)
GROUPS = [dense.TYPES, classic.TYPES, [GPT2], vision.TYPES, recent.TYPES]


def classes_of(model_type):
    """Every class of transformers whose config is that of a model type."""
    config = CONFIG_MAPPING[model_type]
    package = config.__module__.rpartition(".")[0]
    try:
        own = importlib.import_module(f"{package}.modeling_{package.split('.')[-1]}")
        names = set(own.__all__)
    except ModuleNotFoundError:  # it runs another type's code: InternLM3
        own, names = None, set()
    for key, mapping in vars(modeling_auto).items():
        if not key.endswith("_MAPPING_NAMES"):
            continue
        named = mapping.get(model_type, ())
        names |= {named} if isinstance(named, str) else set(named)
    found = []
    for name in sorted(names):
        made = getattr(transformers, name, None) or getattr(own, name, None)
        if not inspect.isclass(made) or not issubclass(made, PreTrainedModel):
            continue
        is_own = own is None or made.config_class is config
        if is_own and not re.search("Pre[tT]rained", name):
            found.append(made)
    return found


def labels(rng):
    """How many classes a head tells apart, said in one of the usual ways."""
    count = rng.choice([1, 2, 3, 7])
    if rng.random() < 0.2:
        return {}
    if rng.random() < 0.5:
        return {"num_labels": count}
    return {"id2label": {str(at): f"L{at}" for at in range(count)}}


def heads_last(path):
    """A tied tensor counts as the embedding, wherever the head is declared."""
    return path.startswith("lm_head.")


def terse(value):
    if isinstance(value, dict):
        return {k: terse(v) for k, v in value.items() if k not in UNREAD}
    return value


def main():
    rng = random.Random(11)
    records, classes, refused = [], {}, {}
    types = {}
    for group in GROUPS:
        for model_type, _, base, choices, *_ in group:
            types.setdefault(model_type, (base, choices))
    for model_type, (base, choices) in types.items():
        found = classes_of(model_type)
        classes[model_type] = [made.__name__ for made in found]
        for made in found:
            done = 0
            for _ in range(CASES * 8):
                if done == CASES:
                    break
                fields = mixed(base, choices, rng)
                said = labels(rng)
                fields["architectures"] = [made.__name__]
                if made.__name__.endswith("ForTokenClassification"):
                    fields |= rng.choice([{}, {"token_classification_bias": False}])
                try:
                    config = AutoConfig.for_model(model_type, **fields, **said)
                    build = made._from_config
                    record = describe("", config, build, first=heads_last)
                except Exception as error:  # a mix that transformers refuses
                    refused[made.__name__] = f"{type(error).__name__}: {error}"
                    continue
                record["name"] = f"{made.__name__} {done}"
                record["config"] = terse(record["config"]) | said
                records.append(record)
                done += 1
            if done == 0:
                print(f"{made.__name__}: {refused[made.__name__]}", file=sys.stderr)
                classes[model_type].remove(made.__name__)
    with open(PATH, "w") as file:
        file.write("[\n")
        file.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in records))
        file.write("\n]\n")
    with open(CLASSES, "w") as file:
        json.dump(classes, file, indent=2)
        file.write("\n")
    pairs = sum(map(len, classes.values()))
    print(f"{PATH}: {len(records)} models of {pairs} classes of {len(classes)} types")


if __name__ == "__main__":
    main()
