"""What a recipe says of its config's fields: defaults, what is computed, other names."""

from recipe_builds import get, plain, plain_config
from recipe_formulas import plain_formula


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
