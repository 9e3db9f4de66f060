"""What the other classes of a type have otherwise than the one that is mostly saved."""

import json

import transformers
from recipe_builds import Builder, plain_config
from recipe_rules import by_key
from transformers.models.auto import modeling_auto

# No size of any config.
LABELS = 37


def other_classes(builder):
    """Every class that any of transformers' mappings names for the type."""
    found = set()
    for mapping in dir(modeling_auto):
        if not mapping.startswith("MODEL_") or not mapping.endswith("MAPPING_NAMES"):
            continue
        names = getattr(modeling_auto, mapping).get(builder.kind, ())
        found |= set(names if isinstance(names, (tuple, list)) else [names])
    return sorted(n for n in found if n != builder.cls.__name__ and isinstance(getattr(transformers, n, None), type))


def renames(kind, first, second):
    """Where the body of a class may stand in another."""
    places = {"", "model."}
    for cls in (first, second):
        prefix = getattr(cls, "base_model_prefix", "")
        places |= {prefix + "."} if prefix else set()
    return [(a, b) for a in sorted(places) for b in sorted(places)]


def moved(name, where, to):
    return to + name[len(where):] if name.startswith(where) else None


def with_labels(value):
    if isinstance(value, list):
        return [with_labels(v) for v in value]
    return "num_labels" if value == LABELS and not isinstance(value, str) else value


def difference(recipe, builder, base, stacks, name):
    cls = getattr(transformers, name)
    other = Builder(builder.kind, cls, {"num_labels": LABELS})
    sample = other.sample({})
    first = {(k[0], json.dumps(k[1])) for k in map(json.loads, by_key(base, stacks))}
    best = None
    for where, to in renames(builder.kind, builder.cls, cls):
        there = {moved(path, where, to): size for path, size in stacks.items() if moved(path, where, to)}
        keys = [json.loads(k) for k in by_key(sample, there)]
        second = {(k[0], json.dumps(k[1])): k for k in keys}
        kept = {(moved(n, where, to), s) for n, s in first if moved(n, where, to)}
        missing = [k for at, k in second.items() if at not in kept]
        if best is None or len(missing) < len(best[0]):
            best = (missing, where, to, second, kept)
    missing, where, to, second, kept = best
    dropped = sorted({n for n, s in kept if (n, s) not in second})
    added = []
    for path, sizes, kind, stack in missing:
        added.append([path, with_labels(sizes), kind, None if stack is None else ["all"], []])
    found = {"from": where, "to": to, "drop": dropped, "add": added}
    record = {
        "name": f"{builder.kind} {name}", "model_type": builder.kind, "class": name,
        "config": plain_config(other.default) | {"num_labels": LABELS},
    }
    tensors = other.tensors(other.default)
    counts = {}
    total = 0
    for path, shape in tensors:
        key = json.dumps([path, list(shape)])
        counts[key] = counts.get(key, 0) + 1
        size = 1
        for side in shape:
            size *= side
        total += size
    return found, record | {"total": total, "tensors": [[*json.loads(k), n] for k, n in counts.items()]}, counts
