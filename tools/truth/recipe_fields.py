"""What a recipe says of its config's fields: defaults, what is computed, other names."""

import dataclasses
import json

from recipe_builds import get, plain
from recipe_formulas import plain_formula
from transformers import AutoConfig


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
        for each in rule[1:] if rule and rule[0] in ("both", "either") else [rule]:
            if each and len(each) > 1 and isinstance(each[1], str):
                found.add(each[1])
        for at, *more in conditions:
            found.add(at)
            if len(more) == 2 and more[0] not in ("is", "isnt") and isinstance(more[1], str):
                found.add(more[1])
    for formula in stacks.values():
        paths_in(formula, found)
    return found


def used_defaults(builder, tensors, stacks, formulas):
    whole = plain(builder.default)
    found = {}
    used = used_paths(tensors, stacks)
    for formula in formulas.values():
        paths_in(formula, used)
    for path in sorted(used - {"num_labels"}):
        parts = path.split(".")
        root = ".".join(parts[:-1]) if parts[-1].isdigit() or parts[-1] == "@" else path
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


# What a model is known by, though its tensors may be counted by other fields.
ALWAYS = ("vocab_size", "hidden_size", "num_hidden_layers")


def as_classes_say(kind, recipe, needed):
    """Corrects defaults by the classes' own words; returns those of configs that are given in part.

    A composite has its own sizes for a config inside it that is left out; where one is
    given, what it leaves out may be its class's.
    """
    whole = AutoConfig.for_model(kind, **needed)
    inside, of_section = {}, {}
    for name in ALWAYS:
        said = next((f.default for f in dataclasses.fields(whole) if f.name == name), None)
        if is_number(said) and name not in recipe["derived"]:
            recipe["defaults"].setdefault(name, said)
    for path, value in list(recipe["defaults"].items()):
        *sections, name = path.split(".")
        if not sections:
            said = next((f.default for f in dataclasses.fields(whole) if f.name == name), None)
            if is_number(said) and is_number(value):
                recipe["defaults"][path] = said
            continue
        section = ".".join(sections)
        if section not in of_section:
            of_section[section] = partly_given(kind, recipe["types"], section, needed)
        said = get(of_section[section], path)
        if is_number(said) and said != value and path not in recipe["derived"]:
            inside[path] = said
    return inside


def never_read(kind, recipe, needed):
    """Fields that a class computes of others whatever a config says of them."""
    found = []
    for path in sorted(set(recipe["derived"]) & set(recipe["defaults"])):
        usual = recipe["defaults"][path]
        if not is_number(usual):
            continue
        for other in (usual * 2 + 2, usual // 2):
            config = partly_given(kind, recipe["types"], path.rpartition(".")[0], needed, path, other)
            said = get(config, path)
            if said is not None and said != other:
                found.append(path)
                break
    return found


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def partly_given(kind, types, section, needed, stated=None, value=None):
    """A type's config where one inside it says nothing but its type, and one field more."""
    tree = json.loads(json.dumps(needed))
    at, path = tree, []
    for name in filter(None, section.split(".")):
        path.append(name)
        at = at.setdefault(name, {})
        if ".".join(path) in types:
            at["model_type"] = types[".".join(path)]
    if stated is not None:
        at[stated.split(".")[-1]] = value
    try:
        return plain(AutoConfig.for_model(kind, **tree))
    except Exception:
        return {}
