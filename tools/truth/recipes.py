"""Formulas of every tensor of the types of transformers that no family declares by hand.

Each class is built on the meta device from a config of numbers that remember what was
done to them (traced_sizes.py); switches and depths are then changed one at a time to
see which layers have which tensor. What is found has to hold for configs whose fields
are changed at random, whose tensors become the truth of a test; a type for which it does
not is left out and said.

    python tools/truth/recipes.py [--part I/N] TYPE…
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
from recipe_classes import difference, other_classes
from recipe_rules import conditions_and_rules
from recipe_values import evaluate, of_class
from transformers.models.auto import modeling_auto

VARIANTS = 5
SECONDS = 120

MAPPINGS = [
    "SEQ_TO_SEQ_CAUSAL_LM", "SPEECH_SEQ_2_SEQ", "IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM", "CAUSAL_LM", "MASKED_LM",
    "TEXT_TO_WAVEFORM", "TEXT_TO_SPECTROGRAM", "VISUAL_QUESTION_ANSWERING", "PRETRAINING", "CTC", "TEXT_ENCODING",
]


def classes():
    """The class that each type is mostly saved as, by the first mapping that has it."""
    found = {}
    for mapping in MAPPINGS:
        for kind, names in getattr(modeling_auto, f"MODEL_FOR_{mapping}_MAPPING_NAMES").items():
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


def recipe_of(kind, cls, rng):
    builder = Builder(kind, cls)
    recipe, (base, stacks) = conditions_and_rules(builder)
    records, wrong, tried = [], [], 0
    for config in builder.variants(rng, VARIANTS * 5):
        if len(records) == VARIANTS + 1:
            break
        tried += 1
        try:
            built = builder.tensors(config)
        except Exception:
            continue
        said = plain_config(config)
        try:
            expected = tallied(built)
            got = evaluate(recipe, said)
        except Exception as error:
            wrong.append(f"{type(error).__name__} {error}"[:120])
            continue
        if got != expected:
            off = [k for k in {*got, *expected} if got.get(k) != expected.get(k)]
            wrong.append(" ".join(sorted(off)[:3])[:240])
        records.append({
            "name": f"{kind} {len(records)}", "model_type": kind, "class": cls.__name__, "config": said,
            "total": sum(torch.Size(json.loads(k)[1]).numel() * n for k, n in expected.items()),
            "tensors": [[*json.loads(k), n] for k, n in expected.items()],
        })
    recipe["classes"], failed = {}, []
    for name in other_classes(builder) if not wrong else []:
        try:
            found, record, counts = difference(recipe, builder, base, stacks, name)
            recipe["classes"][name] = found
            if evaluate(of_class(recipe, name), record["config"]) == counts:
                records.append(record)
                continue
            got = evaluate(of_class(recipe, name), record['config'])
            failed.append(name + ' ' + ' '.join(k for k in {*got, *counts} if got.get(k) != counts.get(k))[:150])
        except TimeoutError:
            raise
        except Exception as error:
            failed.append(f"{name} {type(error).__name__} {error}"[:80])
        recipe["classes"].pop(name, None)
    print(f"{kind}: classes {list(recipe['classes'])}, not {failed}", flush=True)
    return recipe, records, wrong, tried


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    arguments = sys.argv[1:]
    out = arguments.pop(0)
    known = classes()

    def late(*_):
        raise TimeoutError("too slow")

    signal.signal(signal.SIGALRM, late)
    for kind in arguments or known:
        if kind not in known:
            print(f"{kind}: no class", flush=True)
            continue
        begun = time.time()
        try:
            signal.alarm(SECONDS)
            recipe, records, wrong, tried = recipe_of(kind, known[kind], random.Random(kind))
            with open(out, "a") as file:
                file.write(json.dumps({"type": kind, "recipe": recipe, "records": records, "wrong": wrong}) + "\n")
            print(f"{kind}: {len(records)} of {tried}, {len(wrong)} wrong {wrong[:1]} {time.time() - begun:.0f} s", flush=True)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"{kind}: FAILS {type(error).__name__} {error} {where.filename[-40:]}:{where.lineno}"[:300], flush=True)
        finally:
            signal.alarm(0)


if __name__ == "__main__":
    main()
