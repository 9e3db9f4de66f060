"""What the other classes of a type have otherwise than the one that is mostly saved."""

import json

import transformers
from recipe_builds import Builder
from recipe_rules import spelt, tensors_of
from recipe_samples import samples_of
from recipe_values import holds, layers_of
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


def renames(first, second):
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


def labelled(rows):
    return [[name, with_labels(sizes), *rest] for name, sizes, *rest in rows]


def by_name(rows):
    found = {}
    for row in rows:
        found.setdefault(row[0], []).append(json.dumps(row))
    return {name: sorted(each) for name, each in found.items()}


def likest(recipe, cls, other, sample):
    """The renaming that leaves most tensors as they are."""
    first = {row[0] for row in recipe["tensors"]}
    best = None
    for where, to in renames(cls, other):
        stacks = {moved(p, where, to): f for p, f in recipe["stacks"].items() if moved(p, where, to)}
        outer = {p: f for p, f in stacks.items() if ".N." not in p}
        inner = {p: f for p, f in stacks.items() if ".N." in p}
        names = {spelt(name, outer, inner)[0] for name, *_ in sample.tensors}
        same = len(names & {moved(n, where, to) for n in first})
        if best is None or same > best[0]:
            best = (same, where, to)
    return best[1:]


def difference(recipe, builder, name, rng, seconds, met=()):
    """What a class has otherwise, as recipe.ts has it, and its builder."""
    cls = getattr(transformers, name)
    other = Builder(builder.kind, cls, {"num_labels": LABELS})
    samples = samples_of(other, rng, seconds, isUsual=False, met=met)
    where, to = likest(recipe, builder.cls, cls, samples[0][1])
    usual = [[moved(row[0], where, to), *row[1:]] for row in recipe["tensors"] if moved(row[0], where, to)]
    rows, stacks, untold = tensors_of(other, samples)
    rows = labelled(rows)
    taken, fresh = [], by_name(rows)
    known = by_name(usual)
    for path, texts in known.items():
        mine = [json.loads(text) for text in texts]
        if consistent(path, mine, fresh.get(path), samples, stacks):
            taken.append(path)
    drop = sorted(path for path in known if path not in taken)
    add = [row for row in rows if row[0] not in taken]
    here = {moved(p, where, to): f for p, f in recipe["stacks"].items() if moved(p, where, to)}
    more = {p: f for p, f in stacks.items() if here.get(p) != f}
    return {"from": where, "to": to, "drop": drop, "add": add, "stacks": more}, other, untold


def consistent(path, rows, fresh, samples, stacks):
    """Whether rows of the usual class say of another's tensors what its builds have."""
    if fresh is not None and sorted(map(json.dumps, rows)) == fresh:
        return True
    own = {tuple(map(json.dumps, json.loads(text)[1:3])) for text in fresh or []}
    if any(tuple(map(json.dumps, row[1:3])) not in own for row in rows if not row[4]) and fresh is not None:
        return False
    outer = {p: f for p, f in stacks.items() if ".N." not in p}
    inner = {p: f for p, f in stacks.items() if ".N." in p}
    isEver = False
    for _, sample in samples:
        have = {}
        for name, shape, _, kind in sample.tensors:
            where, stack, layer = spelt(name, outer, inner)
            if where == path:
                layer = layer[0] if isinstance(layer, tuple) else layer
                have.setdefault((kind, tuple(shape)), set()).add(layer)
        said = {}
        for _, sizes, kind, rule, conditions in rows:
            if not all(holds(c, sample.read) for c in conditions):
                continue
            try:
                shape = tuple(LABELS if s == "num_labels" else value(s, sample) for s in sizes)
                stack = path[: path.index(".N")] if rule is not None else None
                layers = {None} if rule is None else layers_of(rule, sample.lists.get(stack, 0), sample.tree)
            except Exception:
                return False
            if layers:
                said.setdefault((kind, shape), set()).update(layers)
        isEver = isEver or bool(have)
        if said != have:
            return False
    return isEver or is_inside(path, samples, stacks)


def is_inside(path, samples, stacks):
    """Whether a class has the module that a tensor would be in, had a config asked for it."""
    if ".N." in path:
        return path[: path.index(".N.")] in stacks
    parent = ".".join(path.split(".")[:-2])
    return parent != "" and any(name.startswith(parent + ".") for _, sample in samples for name, *_ in sample.tensors)


def value(size, sample):
    from traced_sizes import value_of

    return value_of(size, sample.read)
