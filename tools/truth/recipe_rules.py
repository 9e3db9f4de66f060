"""Finds by which fields tensors are there, and in which layers."""

import json
import re

from recipe_builds import DEPTHS, get, plain, plain_config
from recipe_values import layers_of


def text(value):
    return json.dumps(plain_formula(value))


def plain_formula(value):
    if isinstance(value, list):
        return [plain_formula(v) for v in value]
    return value if isinstance(value, str) else plain(value)


def conditions_and_rules(builder):
    base = observe(builder, {})
    depths, switches = [], []
    for at, value in builder.values.items():
        if isinstance(value, bool):
            switches.append((at, not value))
        elif isinstance(value, int) and DEPTHS.search(at.split(".")[-1]):
            now = read_int(base[0], at)
            if isinstance(now, int):
                depths.append((at, now + 1))
        elif isinstance(value, (list, tuple)) and value and all(isinstance(v, int) and not isinstance(v, bool) for v in value):
            for i in range(min(len(value), 6)):
                depths.append((at, [v + (j == i) for j, v in enumerate(value)]))
        elif isinstance(value, int) and re.search(r"rank|shared", at):
            switches.append((at, None))
    grown, turned, failed = [], [], []
    names = {at for at, _ in depths}
    counted = {
        at: read_int(base[0], at) for at in base[0].formulas_of_fields
        if at in names and isinstance(read_int(base[0], at), int)
    }
    for at, value in depths:
        try:
            grown.append((at, observe(builder, counted | {at: value})))
        except TimeoutError:
            raise
        except Exception:
            pass
    for at, value in switches:
        try:
            turned.append((at, value, observe(builder, {at: value})))
        except TimeoutError:
            raise
        except Exception:
            failed.append(at)
    stacks = stacks_of(base, grown, builder)
    keyed = {0: by_key(base, stacks)}
    conditions = {key: [] for key in keyed[0]}
    for at, value, seen in turned:
        there = by_key(seen, stacks)
        for key in list(conditions):
            if key in keyed[0] and key not in there:
                conditions[key].append([at, plain(builder.values[at])])
        for key in there:
            if key not in keyed[0] and key not in conditions:
                conditions[key] = [[at, value]]
                keyed[key] = there[key]
            elif key not in keyed[0] and [at, value] not in conditions[key]:
                pass
    flags = [at for at, value in switches if isinstance(value, bool)][:14]
    for i, at in enumerate(flags):
        for other in flags[i + 1:]:
            if at not in failed and other not in failed or builder.seconds() > 60:
                continue
            both = {at: not builder.values[at], other: not builder.values[other]}
            try:
                seen = observe(builder, both)
            except TimeoutError:
                raise
            except Exception:
                continue
            there = by_key(seen, stacks)
            for key in there:
                if key not in conditions:
                    conditions[key] = [[a, v] for a, v in both.items()]
                    keyed[key] = there[key]
                    turned.append((*conditions[key][0], seen))
    held = [by_key(s, stacks) | {} for _, s in grown]
    tensors = []
    observed = [(base, keyed[0])] + list(zip([s for _, s in grown], held))
    for key in conditions:
        name, sizes, kind, stack = json.loads(key)
        if key in keyed[0]:
            rule = rule_of(key, stack, observed, stacks)
        else:
            at, value = conditions[key][0]
            sample = next(s for a, v, s in turned if a == at and v == value and key in by_key(s, stacks))
            rule = rule_of(key, stack, [(sample, by_key(sample, stacks))], stacks)
        tensors.append([name, sizes, kind, rule, conditions[key]])
    return {
        "class": builder.cls.__name__,
        "types": builder.types,
        "defaults": used_defaults(builder, tensors, stacks, derived(base[0])),
        "derived": derived(base[0]),
        "aliases": aliases(builder),
        "stacks": stacks,
        "tensors": tensors,
    }, (base, stacks)


def observe(builder, changes):
    config, found, lists = builder.sample(changes)
    return config, found, lists


def stacks_of(base, grown, builder):
    """The field, or the number, that says how long each list of modules is."""
    stacks = {}
    for path, length in base[2].items():
        for at, seen in grown:
            now = seen[2].get(path)
            if now is not None and now == length + 1:
                value = read_int(base[0], at)
                if isinstance(value, list):
                    other = read_int(seen[0], at)
                    i = next(i for i, (a, b) in enumerate(zip(value, other)) if a != b)
                    at, value = f"{at}.{i}", value[i]
                stacks[path] = at if value == length else ["+", at, length - value]
                break
    return stacks


def read_int(config, at):
    return get(plain(config), at)


def by_key(sample, stacks):
    """Layers of each kind of tensor: name with N for the layer, formulas, module."""
    kinds = {}
    for name, shape, sizes, kind in sample[1]:
        stack, layer, spelt = None, None, name
        parts = name.split(".")
        for i, part in enumerate(parts):
            if part.isdigit() and ".".join(parts[:i]) in stacks:
                stack, layer = ".".join(parts[:i]), int(part)
                spelt = ".".join([*parts[:i], "N", *parts[i + 1:]])
                break
        key = json.dumps([spelt, plain_formula(list(sizes)), kind, stack])
        kinds.setdefault(key, set()).add(layer)
    return kinds


def candidates(config):
    """Rules that fields of a config may state of layers."""
    found = [["all"]]
    tree = plain_config(config)

    def walk(value, path):
        if isinstance(value, dict):
            for k, v in value.items():
                walk(v, f"{path}{k}.")
        elif isinstance(value, list):
            found.append(["list", path[:-1]])
        elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 200:
            for rule in ("from", "until", "every", "notevery", "each", "noteach", "last", "notlast", "second", "notsecond"):
                found.append([rule, path[:-1]])

    walk(tree, "")
    # A list says it itself, a number only how the list is made where there is none.
    found.sort(key=lambda rule: rule[0] not in ("all", "list"))
    for number in (1, 2, 3, 4, 5, 6, 8):
        for rule in ("from", "until", "every", "notevery", "each", "noteach", "last", "notlast", "second", "notsecond"):
            found.append([rule, number])
    return found


def rule_of(key, stack, observed, stacks):
    if stack is None:
        return None
    seen = [(held.get(key, set()), sample[2].get(stack, 0), plain_config(sample[0])) for sample, held in observed]
    for rule in candidates(observed[0][0][0]):
        if rule[0] == "list":
            listed = get(seen[0][2], rule[1])
            chosen = []
            if isinstance(listed, list) and len(listed) == seen[0][1] and all(isinstance(v, (str, int)) for v in listed):
                values = sorted({listed[i] for i in seen[0][0]}, key=str)
                chosen.append(["in", rule[1], values])
            chosen += [["named", rule[1]], ["unnamed", rule[1]]]
        else:
            chosen = [rule]
        for each in chosen:
            try:
                if all(layers_of(each, count, config) == layers for layers, count, config in seen):
                    return each
            except Exception:
                continue
    return ["only", sorted(seen[0][0])]


def paths_in(value, found):
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, list):
        for each in value[1:]:
            paths_in(each, found)
    return found


def used_paths(tensors, stacks):
    found = set()
    for name, sizes, kind, rule, conditions in tensors:
        for size in sizes:
            paths_in(size, found)
        if rule and len(rule) > 1 and isinstance(rule[1], str):
            found.add(rule[1])
        for at, _ in conditions:
            found.add(at)
    for formula in stacks.values():
        paths_in(formula, found)
    return found


def used_defaults(builder, tensors, stacks, formulas):
    tree = plain_config(builder.default)
    whole = plain(builder.default)
    found = {}
    used = used_paths(tensors, stacks)
    for formula in formulas.values():
        paths_in(formula, used)
    for path in sorted(used):
        parts = path.split(".")
        root = ".".join(parts[:-1]) if parts[-1].isdigit() else path
        value = get(whole, root)
        if value is None:
            value = plain(builder.values.get(root))
        found[root] = value
    return found


def derived(config):
    """Fields that the class computes from others where a config is silent."""
    return {at: plain_formula(formula) for at, formula in config.formulas_of_fields.items()}


def aliases(builder):
    """Other names that fields of each config may have."""
    found = {}

    def walk(config, path):
        for other, name in (type(config).attribute_map or {}).items():
            found[path + name] = path + other
            found.setdefault(path + other, path + name)

    walk(builder.default, "")
    for at in builder.types:
        inner = builder.default
        for name in at.split("."):
            inner = getattr(inner, name)
        walk(inner, at + ".")
    return found
