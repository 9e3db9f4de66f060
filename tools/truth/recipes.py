"""Formulas of every tensor of the types of transformers that no family declares by hand.

Each class is built on the meta device from a config of numbers that remember what was
done to them (traced_sizes.py); switches and depths are then changed one at a time to
see which layers have which tensor. What is found has to hold for configs whose fields
are changed at random, whose tensors become the truth of a test; a type for which it does
not is left out and said.

    python tools/truth/recipes.py FOUND.jsonl [--met MET.jsonl] TYPE…

MET.jsonl is what perturbed.py built: its configs are learnt from too.
"""

import json
import random
import signal
import sys
import time
import traceback

import torch
import transformers
from recipe_builds import Builder, plain_config
from recipe_classes import LABELS, difference, labelled, other_classes
from recipe_fields import aliases, derived, used_defaults
from recipe_rules import tensors_of
from recipe_samples import samples_of
from recipe_values import evaluate, of_class
from transformers.models.auto import modeling_auto

VARIANTS, OTHERS = 6, 2
FEW = 2
SECONDS = 150

MAPPINGS = [
    "SEQ_TO_SEQ_CAUSAL_LM", "SPEECH_SEQ_2_SEQ", "IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM", "CAUSAL_LM", "MASKED_LM",
    "TEXT_TO_WAVEFORM", "TEXT_TO_SPECTROGRAM", "VISUAL_QUESTION_ANSWERING", "PRETRAINING", "CTC", "TEXT_ENCODING",
    "SEQUENCE_CLASSIFICATION", "TOKEN_CLASSIFICATION", "QUESTION_ANSWERING",
]


def classes(wanted=()):
    """The class that each type is mostly saved as, by the first mapping that has it."""
    found = {}
    for mapping in MAPPINGS:
        for kind, names in getattr(modeling_auto, f"MODEL_FOR_{mapping}_MAPPING_NAMES").items():
            if wanted and kind not in wanted:
                continue
            for name in names if isinstance(names, (tuple, list)) else [names]:
                cls = getattr(transformers, name, None)
                if isinstance(cls, type):
                    found.setdefault(kind, cls)
    return found


def tallied(tensors):
    counts = {}
    for name, shape in tensors:
        key = json.dumps([name, list(shape)])
        counts[key] = counts.get(key, 0) + 1
    return counts


def met_before(path, wanted):
    """Configs that were built before, by their types and classes."""
    found = {}
    with open(path) as file:
        for line in file:
            each = json.loads(line)
            if each["model_type"] in wanted:
                configs = found.setdefault(each["model_type"], {}).setdefault(each["class"], [])
                configs.append(json.loads(each["config"]))
    return found


def recipe_of(kind, cls, rng, met):
    builder = Builder(kind, cls, {"num_labels": LABELS})
    samples = samples_of(builder, rng, SECONDS, met=met.get(cls.__name__, ()))
    rows, stacks, untold = tensors_of(builder, samples)
    rows = labelled(rows)
    base = samples[0][1].config
    recipe = {
        "class": cls.__name__, "types": builder.types, "defaults": {}, "derived": derived(base),
        "aliases": aliases(builder), "stacks": stacks, "tensors": rows, "classes": {},
    }
    every, everywhere = list(rows), dict(stacks)
    recipe["defaults"] = used_defaults(builder, every, everywhere, recipe["derived"])
    records, wrong = checked(kind, recipe, builder, rng, VARIANTS)
    failed = [f"{cls.__name__}: {name}" for name in untold]
    for name in other_classes(builder):
        try:
            found, other, _ = difference(recipe, builder, name, rng, SECONDS // 3, met.get(name, ()))
        except TimeoutError:
            raise
        except Exception as error:
            failed.append(f"{name} {type(error).__name__} {error}"[:80])
            continue
        recipe["classes"][name] = found
        every += found["add"]
        everywhere |= found["stacks"]
        recipe["defaults"] = used_defaults(builder, every, everywhere, recipe["derived"])
        more, off = checked(kind, recipe, other, rng, OTHERS)
        records += more
        # Some heads are others where there are few labels.
        _, few = checked(kind, recipe, Builder(kind, other.cls, {"num_labels": FEW}), rng, 1)
        off += few
        if off:
            failed.append(f"{name} {off[0]}")
            found["partly"] = True
    print(f"{kind}: {len(samples)} builds, classes {list(recipe['classes'])}, not {failed[:4]}", flush=True)
    return recipe, records, wrong


def checked(kind, recipe, builder, rng, count):
    """Records of configs that were not learnt from, and what came out otherwise."""
    records, wrong = [], []
    recipe = of_class(recipe, builder.cls.__name__)
    for config in builder.variants(rng, count * 5):
        if len(records) == count + 1:
            break
        try:
            built = builder.tensors(config)
        except TimeoutError:
            raise
        except Exception:
            continue
        said = plain_config(config) | {"num_labels": builder.needed["num_labels"]}
        expected = tallied(built)
        records.append({
            "name": f"{kind} {len(records)}", "model_type": kind, "class": builder.cls.__name__, "config": said,
            "total": sum(torch.Size(json.loads(k)[1]).numel() * n for k, n in expected.items()),
            "tensors": [[*json.loads(k), n] for k, n in expected.items()],
        })
        try:
            got = evaluate(recipe, said)
        except Exception as error:
            wrong.append(f"{type(error).__name__} {error}"[:120])
            continue
        if got != expected:
            off = [k for k in {*got, *expected} if got.get(k) != expected.get(k)]
            wrong.append(" ".join(sorted(off)[:3])[:240])
    return records, wrong


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    arguments = sys.argv[1:]
    out = arguments.pop(0)
    met = {}
    if "--met" in arguments:
        at = arguments.index("--met")
        met = met_before(arguments[at + 1], set(arguments[at + 2:]))
        del arguments[at:at + 2]
    known = classes(arguments)

    def late(*_):
        raise TimeoutError("too slow")

    signal.signal(signal.SIGALRM, late)
    for kind in arguments or known:
        if kind not in known:
            print(f"{kind}: no class", flush=True)
            continue
        begun = time.time()
        try:
            signal.alarm(SECONDS * 5)
            recipe, records, wrong = recipe_of(kind, known[kind], random.Random(kind), met.get(kind, {}))
            with open(out, "a") as file:
                file.write(json.dumps({"type": kind, "recipe": recipe, "records": records, "wrong": wrong}) + "\n")
            print(f"{kind}: {len(records)} models, {len(wrong)} wrong {wrong[:1]} {time.time() - begun:.0f} s", flush=True)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"{kind}: FAILS {type(error).__name__} {error} {where.filename[-40:]}:{where.lineno}"[:300], flush=True)
        finally:
            signal.alarm(0)


if __name__ == "__main__":
    main()
