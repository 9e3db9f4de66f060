"""Joins what recipes.py found: formulas for the library, models for its test.

    python tools/truth/join_recipes.py FOUND.jsonl…
"""

import json
import sys

from recipe_values import evaluate, of_class

RECIPES = "lib/models/families/recipes/recipes.json"
TRUTH = "tests/truth/recipes.json"
CLASSES = "lib/models/heads/classes.json"
# A type whose layers nearly all differ would be most of the file.
LONGEST = 130_000
RECORDS = 3


def lines(items, left, right):
    return left + "\n" + ",\n".join(items) + "\n" + right + "\n"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def chosen(each):
    """Some records of the usual class, and those of all others, that come out right."""
    right = [r for r in each["records"] if comes_out(each["recipe"], r)]
    usual = [r for r in right if r["class"] == each["recipe"]["class"]]
    return usual[:RECORDS] + [r for r in right if r not in usual]


def comes_out(recipe, record):
    try:
        got = evaluate(of_class(recipe, record["class"]), record["config"])
    except Exception:
        return False
    return got == {json.dumps([name, shape]): copies for name, shape, copies in record["tensors"]}


def is_of_use(each):
    """Right for the class's own config, and for some that differ."""
    if not comes_out(each["recipe"], each["records"][0]):
        return False
    return len(each["wrong"]) <= len(each["records"]) // 2


def main():
    found = {}
    for path in sys.argv[1:]:
        with open(path) as file:
            for line in file:
                each = json.loads(line)
                if each["records"]:
                    found[each["type"]] = each
    kept = {
        kind: each for kind, each in sorted(found.items())
        if is_of_use(each) and len(compact(each["recipe"])) < LONGEST
    }
    for each in kept.values():
        if each["wrong"]:
            each["recipe"]["partly"] = True
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
    print("partly:", *(kind for kind, each in kept.items() if each["wrong"]))
    print("not:", *(kind for kind in sorted(found) if kind not in kept))
    print(f"{len(kept)} of {len(found)} types")


if __name__ == "__main__":
    main()
