"""Builds of a class from its own config and from some that differ, each traced."""

import re
import typing

from recipe_builds import DEPTHS, DEEP, SIZES, TIES, get, held, plain, plain_config
from recipe_values import said_in

# Numbers that a field takes whose class leaves it open.
OPEN = {"head_dim": 40, "rank": 24, "heads": 2, "size": 48, "dim": 48, "width": 48}
PAIRS = 12


class Sample:
    """One build: its config's fields, its tensors, and how long its lists are."""

    def __init__(self, built):
        self.config, self.tensors, self.lists = built
        self.tree = plain_config(self.config)
        self.numbers = {}

    def read(self, path):
        """The number that a field has after its class has looked at it."""
        if path not in self.numbers:
            self.numbers[path] = said_in(self.tree, path)
        return self.numbers[path]


def single_changes(builder):
    """Each field changed alone, those first that decide most."""
    flags, depths, sizes = [], [], []
    for at, value in builder.values.items():
        name = at.split(".")[-1]
        options = typing.get_args(builder.fields[at].type)
        if isinstance(value, bool):
            flags.append({at: not value})
        elif isinstance(value, int):
            if DEPTHS.search(name) or DEEP.search(name):
                now = builder.shallow.get(at, value)
                depths.append({at: now + 1})
                if value > 1:
                    sizes.append({at: now * 2})
            elif value > 0:
                sizes.append({at: value * 2})
                if value % 2 == 0 and value > 2:
                    sizes.append({at: value // 2})
            if re.search(r"rank|shared|dense|layers|size$|kernel", name) and value > 0 and at not in builder.shallow:
                sizes.append({at: 0})
            if re.search(r"rank", name):
                flags.append({at: None})
        elif value is None:
            number = next((n for part, n in OPEN.items() if re.search(part + "s?$", name)), None)
            if number is not None:
                sizes.append({at: number})
        elif isinstance(value, (list, tuple)) and value and all(isinstance(v, int) and not isinstance(v, bool) for v in value):
            depths += [{at: [v + (j == i) for j, v in enumerate(value)]} for i in range(min(len(value), 6))]
            sizes.append({at: [v * 2 for v in value]})
        for option in options:
            for text in typing.get_args(option) if typing.get_origin(option) is typing.Literal else [option]:
                if isinstance(text, str) and text != value and value is not None:
                    flags.append({at: text})
    # A composite's heads are free where it and what is inside both say so.
    flags.append({at: False for at in builder.values if at.split(".")[-1] == TIES})
    return flags, depths, sizes


def random_changes(builder, rng, rate=0.3):
    changes = {}
    for at, value in builder.values.items():
        name = at.split(".")[-1]
        if isinstance(value, bool):
            if rng.random() < rate / 2:
                changes[at] = not value
        elif isinstance(value, int) and value > 0:
            if DEEP.search(name) and value > 1:
                changes[at] = rng.choice([2, 3, 4, 5, 7])
            elif rng.random() < rate:
                few = [value * 2, value + 8] if SIZES.search(name) else [value * 2, value * 3, value + 1]
                changes[at] = rng.choice(few + ([value // 2] if value % 2 == 0 else []))
        elif value is None and rng.random() < rate / 2:
            number = next((n for part, n in OPEN.items() if re.search(part + "s?$", name)), None)
            if number is not None:
                changes[at] = number
        elif isinstance(value, (list, tuple)) and len(value) > 1 and rng.random() < rate and set(map(type, value)) == {str}:
            changes[at] = [rng.choice(value) for _ in value]
    return changes


def changes_of(builder, config):
    """What a saved config has otherwise than a class's own, by the paths of its fields."""
    changes = {}
    for at, value in builder.values.items():
        *sections, name = at.split(".")
        inside = config
        for section in sections:
            inside = inside.get(section) if isinstance(inside, dict) else None
        if isinstance(inside, dict) and name in inside and inside[name] != plain(value):
            changes[at] = inside[name]
    return changes


def samples_of(builder, rng, seconds, isUsual=True, met=()):
    """The usual build first, and for each other what was changed for it.

    @param met Configs that were seen before, as they are saved.
    """
    base = Sample(builder.sample({}))
    found = [({}, base)]

    def tried(changes):
        if builder.seconds() > seconds:
            return None
        try:
            sample = Sample(builder.sample(changes))
        except TimeoutError:
            raise
        except Exception:
            return None
        found.append((changes, sample))
        return sample

    flags, depths, sizes = single_changes(builder)
    # A number that the class computes of a depth is stated, so that it alone stands still.
    names = {at for each in depths for at in each}
    counted = {at: get(plain(base.config), at) for at in base.config.formulas_of_fields if at in names}
    counted = {at: n for at, n in counted.items() if isinstance(n, int)}
    for config in met:
        tried(changes_of(builder, config))
    for changes in flags:
        tried(changes)
    for changes in depths:
        if tried(counted | changes) is None and counted:
            tried(changes)
    for turn in range(10):
        tried(random_changes(builder, rng, 0.15 + 0.02 * turn))
    for changes in sizes if isUsual else []:
        tried(changes)
    turned = [c for c, s in found if c in flags and differs(s, base)][:PAIRS] if isUsual else []
    for i, one in enumerate(turned):
        for other in turned[i + 1:]:
            if not set(one) & set(other):
                tried(one | other)
    for turn in range(40 if isUsual else 10):
        tried(random_changes(builder, rng, 0.05 + 0.3 * rng.random()))
    return found


def differs(sample, base):
    return [(n, s) for n, s, *_ in sample.tensors] != [(n, s) for n, s, *_ in base.tensors]


def field_numbers(builder):
    """Paths of all fields that hold whole numbers."""
    return [at for at, v in builder.values.items() if isinstance(v, int) and not isinstance(v, bool)]
