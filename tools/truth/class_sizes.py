"""What transformers' config classes say of sizes and switches where a config.json is silent.

Of the types that the library declares by hand, and of the configs inside theirs;
formulas have their own. Prints lib/models/families/class_sizes.json.

    python tools/truth/class_sizes.py > lib/models/families/class_sizes.json
"""

import dataclasses
import json

import transformers
from perturbed import classes, needed
from recipe_builds import NOISE, held
from transformers import AutoConfig, PreTrainedConfig

RECIPES = "lib/models/families/recipes/recipes.json"


# Composites say that their heads are tied whose checkpoints have both: it holds for what
# transformers 5 saved alone, and stands apart.
UNSAID = {"tie_word_embeddings"}


def is_read(name):
    """Whether a field may say something of sizes: heads that turn are no words about turning."""
    return name.endswith("rope_head_dim") or not NOISE.match(name)


def stated(cls):
    """A class's own numbers and what is on by itself, before it works anything out."""
    return {
        field.name: field.default for field in dataclasses.fields(cls)
        if isinstance(field.default, int) and field.default is not False
        and field.name not in UNSAID and is_read(field.name)
    }


def added(config, found):
    """Enters a config's class, and the classes of the configs inside it."""
    cls = type(config)
    entry = {"fields": stated(cls)}
    names = {alias: name for alias, name in getattr(cls, "attribute_map", {}).items() if name in entry["fields"]}
    inner = {}
    for field in dataclasses.fields(cls):
        value = held(config, field.name)
        if isinstance(value, PreTrainedConfig):
            inner[field.name] = value.model_type
            added(value, found)
    if config.model_type:
        ties = next((f.default for f in dataclasses.fields(cls) if f.name in UNSAID), None)
        if isinstance(ties, bool):
            entry["ties"] = ties
        found[config.model_type] = entry | ({"names": names} if names else {}) | ({"inner": inner} if inner else {})


def main():
    transformers.logging.set_verbosity_error()
    with open(RECIPES) as file:
        learnt = set(json.load(file))
    found = {}
    for kind in classes():
        if kind not in learnt:
            try:
                added(AutoConfig.for_model(kind, **needed(kind)), found)
            except Exception:
                continue
    lines = [f"{json.dumps(kind)}:{json.dumps(entry, separators=(',', ':'))}" for kind, entry in sorted(found.items())]
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
