"""What a recipe gives for a config, as lib/models/families/recipes does it."""

import json
import re

from recipe_builds import get
from traced_sizes import value_of

COMPARED = {
    "!=": lambda a, b: a != b, "==": lambda a, b: a == b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b,
}


def said_in(tree, path):
    return get(tree, path)


def holds(condition, read):
    """Whether a config is one for which a tensor is there."""
    if len(condition) == 2:
        at, wanted = condition
        value = read(at)
        if isinstance(wanted, bool):
            return (value is True) == wanted
        isThere = value is not None and value is not False and value != 0
        return not isThere if wanted is None else isThere
    at, how, other = condition
    if how in ("is", "isnt"):
        return (read(at) == other) == (how == "is")
    one, two = read(at), read(other) if isinstance(other, str) else other
    if not isinstance(one, (int, float)) or not isinstance(two, (int, float)):
        return how == "!=" and one != two
    return COMPARED[how](one, two)


def layers_of(rule, count, config):
    """The layers that a rule picks."""
    kind = rule[0]
    if kind == "all":
        return set(range(count))
    if kind == "only":
        return set(rule[1])
    if kind in ("both", "either"):
        one, other = (layers_of(each, count, config) for each in rule[1:])
        return one & other if kind == "both" else one | other
    if kind == "in":
        listed = get(config, rule[1])
        if not isinstance(listed, list):
            raise KeyError(rule[1])
        return {i for i in range(count) if i < len(listed) and listed[i] in rule[2]}
    if kind == "first":
        listed = get(config, rule[1])
        return {next(i for i, each in enumerate(listed) if each in rule[2])}
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
        "spread": lambda i: value > 0 and (i + 1) % max(count // value, 1) == 0,
    }[kind]
    return {i for i in range(count) if test(i)}


def of_class(recipe, name):
    """The recipe of another class of the same type."""
    if name not in recipe.get("classes", {}):
        return recipe
    found = recipe["classes"][name]
    dropped = set(found["drop"])

    def moved(path):
        return found["to"] + path[len(found["from"]):]

    body = [
        [moved(t[0]), *t[1:]] for t in recipe["tensors"] if t[0].startswith(found["from"]) and moved(t[0]) not in dropped
    ]
    stacks = {moved(p): f for p, f in recipe["stacks"].items() if p.startswith(found["from"])}
    return recipe | {"tensors": body + found["add"], "stacks": stacks | found.get("stacks", {})}


def evaluate(recipe, config):
    """How many tensors of each name and shape a recipe gives for a config."""
    def read(path, depth=0):
        if path in recipe.get("computed", ()):
            return value_of(recipe["derived"][path], read)
        for name in (path, recipe["aliases"].get(path, path)):
            value = get(config, name)
            if value is not None:
                return value
        if path in recipe["derived"]:
            return value_of(recipe["derived"][path], read)
        return None if is_said(config, path) else get_default(recipe, config, path)

    counts, seen = {}, set()
    for name, sizes, kind, rule, conditions in recipe["tensors"]:
        if not all(holds(condition, read) for condition in conditions):
            continue
        layers, copies = [0], 1
        if rule is not None:
            stack = name[: name.index(".N")]
            layers = layers_of(rule, value_of(recipe["stacks"][stack], read), config)
            inner = name.find(".M.")
            if inner > 0:
                copies = value_of(recipe["stacks"][name[:inner]], read)
        for layer in layers:
            shape = [value_of(size, lambda path: read(at_layer(path, layer))) for size in sizes]
            key = json.dumps([re.sub(r"\.(\d+|M)(?=\.|$)", ".N", name), shape])
            # Of conditions that stand for one another both may hold.
            again = (name, rule and layer, key) in seen
            seen.add((name, rule and layer, key))
            if copies and not again:
                counts[key] = counts.get(key, 0) + copies
    return counts


def at_layer(path, layer):
    """The path of a list's value for a layer."""
    return path.removesuffix("@") + str(layer) if path.endswith(".@") else path


def is_said(config, path):
    root, _, last = path.rpartition(".")
    inner = get(config, root) if root else config
    return isinstance(inner, dict) and last in inner


def get_default(recipe, config, path):
    root, _, last = path.rpartition(".")
    if path in recipe.get("inside", {}) and isinstance(get(config, root), dict):
        return recipe["inside"][path]
    if path in recipe["defaults"]:
        return recipe["defaults"][path]
    listed = recipe["defaults"].get(root)
    return listed[int(last)] if isinstance(listed, list) and last.isdigit() else None
