"""What a recipe gives for a config, as lib/models/families/recipes does it."""

import json
import re

from recipe_builds import get
from traced_sizes import value_of


def layers_of(rule, count, config):
    """The layers that a rule picks."""
    kind = rule[0]
    if kind == "all":
        return set(range(count))
    if kind == "in":
        listed = get(config, rule[1])
        if not isinstance(listed, list):
            raise KeyError(rule[1])
        return {i for i in range(count) if i < len(listed) and listed[i] in rule[2]}
    if kind in ("named", "unnamed"):
        listed = get(config, rule[1]) or []
        return {i for i in range(count) if (i in listed) == (kind == "named")}
    value = get(config, rule[1]) if isinstance(rule[1], str) else rule[1]
    value = value or 0
    test = {
        "from": lambda i: i >= value,
        "until": lambda i: i < value,
        "every": lambda i: value > 0 and (i + 1) % value == 0,
        "notevery": lambda i: value > 0 and (i + 1) % value != 0,
        "each": lambda i: value > 0 and i % value == 0,
        "noteach": lambda i: value > 0 and i % value != 0,
        "second": lambda i: value > 0 and i % value == (1 if value > 1 else 0),
        "notsecond": lambda i: value > 0 and i % value != (1 if value > 1 else 0),
        "last": lambda i: i >= count - value,
        "notlast": lambda i: i < count - value,
    }[kind]
    return {i for i in range(count) if test(i)}


def of_class(recipe, name):
    """The recipe of another class of the same type."""
    if name not in recipe.get("classes", {}):
        return recipe
    found = recipe["classes"][name]
    body = [
        [found["to"] + t[0][len(found["from"]):], *t[1:]] for t in recipe["tensors"] if t[0].startswith(found["from"])
    ]
    stacks = {found["to"] + p[len(found["from"]):]: f for p, f in recipe["stacks"].items() if p.startswith(found["from"])}
    dropped = set(found["drop"])
    return recipe | {"tensors": [t for t in body if t[0] not in dropped] + found["add"], "stacks": stacks}


def evaluate(recipe, config):
    """How many tensors of each name and shape a recipe gives for a config."""
    def read(path, depth=0):
        for name in (path, recipe["aliases"].get(path, path)):
            value = get(config, name)
            if value is not None:
                return value
        if path in recipe["derived"]:
            return value_of(recipe["derived"][path], read)
        return get_default(recipe, path)

    counts = {}
    for name, sizes, kind, rule, conditions in recipe["tensors"]:
        if any((read(at) if read(at) is not None else False) != value if value is not None else bool(read(at)) for at, value in [(a, v) for a, v in conditions if not (isinstance(v, int) and not isinstance(v, bool))]):
            continue
        if any(not read(at) for at, value in conditions if isinstance(value, int) and not isinstance(value, bool)):
            continue
        copies = 1
        if rule is not None:
            stack = name[: name.index(".N")]
            count = value_of(recipe["stacks"][stack], read)
            copies = len(rule[1]) if rule[0] == "only" else len(layers_of(rule, count, config))
        shape = [value_of(size, read) for size in sizes]
        key = json.dumps([re.sub(r"\.\d+(?=\.|$)", ".N", name), shape])
        if copies:
            counts[key] = counts.get(key, 0) + copies
    return counts


def get_default(recipe, path):
    if path in recipe["defaults"]:
        return recipe["defaults"][path]
    root, _, last = path.rpartition(".")
    listed = recipe["defaults"].get(root)
    return listed[int(last)] if isinstance(listed, list) and last.isdigit() else None
