"""Joins what recipes.py found: formulas for the library, models for its test.

    python tools/truth/join_recipes.py FOUND.jsonl…
"""

import json
import sys

from every_cache_types import TWEAKS
from recipe_builds import NEEDED, NOISE, get, plain_config, put
from recipe_fields import as_classes_say, never_read
from recipe_repairs import repaired
from recipe_values import evaluate, of_class
from recipes import classes as every_type
from transformers import AutoConfig

RECIPES = "lib/models/families/recipes/recipes.json"
TRUTH = "tests/truth/recipes.json"
CLASSES = "lib/models/heads/classes.json"
# A type whose layers nearly all differ would be most of the file.
LONGEST = 250_000
RECORDS = 3
DOCS = "docs/models.md"
BEGIN, END = "<!-- types -->", "<!-- end of types -->"


# Fields, and configs of parts inside a type's, by which layers follow no rule that was
# found: they are known as the class has them, and not when a config says otherwise.
AS_THEY_ARE = {
    "apertus1p5": ["vision_config", "audio_config"],
    "canary": ["encoder_config.subsampling_factor"],
    "chameleon": ["vq_config"],
    "data2vec-audio": ["add_adapter"],
    "doge": ["is_moe"],
    "emu3": ["vq_config"],
    "flava": ["image_codebook_config"],
    "idefics": ["perceiver_config"],
    "janus": ["vq_config"],
    "kyutai_speech_to_text": ["codec_config"],
    "muse_spark": ["audio_config"],
    "nemo_speechlm": ["text_config"],
    "qwen2_5_omni": ["talker_config", "token2wav_config"],
    "reformer": ["num_hidden_layers", "attn_layers"],
    "sew-d": ["pos_att_type", "share_att_key"],
    "speech_to_text": ["num_conv_layers"],
    "vibevoice": ["audio_config", "semantic_model_config"],
    "vibevoice_asr": ["acoustic_tokenizer_encoder_config", "semantic_tokenizer_encoder_config"],
}


def as_they_are(kind):
    """What a class says of such parts."""
    whole = plain_config(AutoConfig.for_model(kind, **needed(kind)))
    found = {}

    def read(value):
        return {k: read(v) for k, v in value.items() if not NOISE.match(k)} if isinstance(value, dict) else value

    for path in AS_THEY_ARE.get(kind, ()):
        put(found, path, read(get(whole, path)))
    return found


def lines(items, left, right):
    return left + "\n" + ",\n".join(items) + "\n" + right + "\n"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def chosen(each):
    """Some records of the usual class, and one of all others."""
    taken, by_class = [], {}
    for record in each["records"]:
        of_same = by_class.setdefault(record["class"], [])
        most = RECORDS if record["class"] == each["recipe"]["class"] else 1
        if len(of_same) < most and comes_out(each["recipe"], record):
            of_same.append(record)
            taken.append(record)
    return taken


def comes_out(recipe, record):
    try:
        got = evaluate(of_class(recipe, record["class"]), record["config"])
    except Exception:
        return False
    return got == {json.dumps([name, shape]): copies for name, shape, copies in record["tensors"]}


def is_of_use(each):
    """Right for the class's own config, and for most of those that differ."""
    if not each["records"] or not comes_out(each["recipe"], each["records"][0]):
        return False
    usual = [r for r in each["records"] if r["class"] == each["recipe"]["class"]]
    return len(each["wrong"]) <= len(usual) // 2


def without_wrong_classes(each):
    """A class of which no model comes out right is counted as none that is known."""
    right = {r["class"] for r in each["records"] if comes_out(each["recipe"], r)}
    recipe = each["recipe"]
    recipe["classes"] = {name: c for name, c in recipe["classes"].items() if name in right}


def needed(kind):
    """What a class needs to make a config at all; its own defaults where they do."""
    try:
        AutoConfig.for_model(kind)
        return {}
    except Exception:
        return TWEAKS.get(kind, {}).get("config", {}) | NEEDED.get(kind, {})


def told(kept, known):
    """Puts what became of each type where users read it."""
    with open(DOCS) as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    partly = [kind for kind, each in kept.items() if each["wrong"] or kind in AS_THEY_ARE]
    rows = [
        ("by formulas, exact", [kind for kind in kept if kind not in partly]),
        ("by formulas, some configs otherwise", partly),
        ("by headers alone", sorted(set(every_type()) - set(known) - set(kept))),
    ]
    lines = ["| How | Types | Which |", "| --- | --- | --- |"]
    lines += [f"| {how} | {len(kinds)} | {', '.join(kinds)} |" for how, kinds in rows]
    with open(DOCS, "w") as file:
        file.write(before + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + after)


def before():
    """What the files hold already: types that are not read anew stay."""
    found = {}
    with open(RECIPES) as file:
        recipes = json.load(file)
    with open(TRUTH) as file:
        truth = json.load(file)
    for kind, recipe in recipes.items():
        records = [r for r in truth if r["model_type"] == kind]
        found[kind] = {"type": kind, "recipe": recipe, "records": records, "wrong": ["before"] if recipe.get("partly") else []}
    return found


def main():
    found = before()
    for path in sys.argv[1:]:
        with open(path) as file:
            for line in file:
                each = json.loads(line)
                # What is known of a type stays where a new reading says less.
                if is_of_use(each) or each["records"] and each["type"] not in found:
                    found[each["type"]] = each
    kept = {
        kind: each for kind, each in sorted(found.items())
        if is_of_use(each) and len(compact(each["recipe"])) < LONGEST
    }
    for kind, each in kept.items():
        usual = as_they_are(kind) if kind in AS_THEY_ARE else {}
        each["recipe"].pop("partly", None)
        if usual:
            each["recipe"]["usual"] = usual
        elif each["wrong"]:
            each["recipe"]["partly"] = True
        without_wrong_classes(each)
        each["recipe"]["inside"] = as_classes_say(kind, each["recipe"], needed(kind))
        each["recipe"]["computed"] = never_read(kind, each["recipe"], needed(kind))
        repaired(kind, each)
    with open(RECIPES, "w") as file:
        file.write(lines([f"{compact(k)}:{compact(v['recipe'])}" for k, v in kept.items()], "{", "}"))
    with open(TRUTH, "w") as file:
        file.write(lines([compact(r) for each in kept.values() for r in chosen(each)], "[", "]"))
    with open(CLASSES) as file:
        classes = json.load(file)
    for kind, each in kept.items():
        named = [each["recipe"]["class"], *each["recipe"]["classes"]]
        classes[kind] = sorted({*classes.get(kind, []), *named})
    with open(CLASSES, "w") as file:
        file.write(json.dumps(dict(sorted(classes.items())), indent=2) + "\n")
    told(kept, classes)
    print("partly:", *(kind for kind, each in kept.items() if each["wrong"]))
    print("not:", *(kind for kind in sorted(found) if kind not in kept))
    print(f"{len(kept)} of {len(found)} types")


if __name__ == "__main__":
    main()
