"""Joins what recipes.py found: formulas for the library, models for its test.

    python tools/truth/join_recipes.py FOUND.jsonl…
"""

import json
import sys

RECIPES = "lib/models/families/recipes/recipes.json"
TRUTH = "tests/truth/recipes.json"
# A type whose layers nearly all differ would be most of the file.
LONGEST = 130_000
RECORDS = 3


def lines(items, left, right):
    return left + "\n" + ",\n".join(items) + "\n" + right + "\n"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


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
        if not each["wrong"] and len(compact(each["recipe"])) < LONGEST
    }
    with open(RECIPES, "w") as file:
        file.write(lines([f"{compact(k)}:{compact(v['recipe'])}" for k, v in kept.items()], "{", "}"))
    with open(TRUTH, "w") as file:
        file.write(lines([compact(r) for each in kept.values() for r in each["records"][:RECORDS]], "[", "]"))
    print(f"{len(kept)} of {len(found)} types")


if __name__ == "__main__":
    main()
