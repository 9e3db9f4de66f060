"""Formulas, layers and conditions of every tensor of a class, from builds that differ."""

import json

from recipe_builds import get, plain_config
from recipe_formulas import Formulas, plain_formula, untraced
from recipe_learning import Learner
from recipe_values import layers_of
from traced_sizes import value_of

COUNTED = ("spread", "from", "until", "every", "notevery", "each", "noteach", "last", "notlast", "second", "notsecond")


def stacks_of(samples):
    """The field, or the number, that says how long each list of modules is, by its path."""
    base = samples[0][1]
    stacks = {}
    for path, length in base.lists.items():
        for changes, sample in samples[1:]:
            now = sample.lists.get(path)
            if now is None or now == length or len(changes) > 6:
                continue
            for at in changes:
                value, other = base.read(at), sample.read(at)
                if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
                    moved = [i for i, (a, b) in enumerate(zip(value, other)) if a != b]
                    if len(moved) != 1:
                        continue
                    at, value, other = f"{at}.{moved[0]}", value[moved[0]], other[moved[0]]
                if not isinstance(value, int) or not isinstance(other, int) or other - value != now - length:
                    continue
                formula = at if value == length else ["+", at, length - value]
                if all(agrees(formula, path, each) for _, each in samples):
                    stacks[path] = formula
                    break
            if path in stacks:
                break
        if path not in stacks and any(s.lists.get(path, length) != length for _, s in samples):
            formula = share_of(samples, path)
            if formula is not None:
                stacks[path] = formula
    return stacks


def share_of(samples, path):
    """The number of which every so many layers have one in a list of modules, by another field."""
    base = samples[0][1]
    numbers = [at for at in paths_of(base.tree) if 0 < base.read(at) < 200]
    for at in numbers:
        for every in numbers:
            formula = ["//", at, every]
            if at == every or all(s.read(every) == base.read(every) for _, s in samples):
                continue
            if all(agrees(formula, path, each) for _, each in samples):
                return formula
    return None


def paths_of(tree, path=""):
    """Paths of a config's whole numbers."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from paths_of(value, f"{path}{name}.")
        elif isinstance(value, int) and not isinstance(value, bool):
            yield path + name


def agrees(formula, path, sample):
    if path not in sample.lists:
        return True
    try:
        return value_of(formula, sample.read) == sample.lists[path]
    except Exception:
        return False


def inner_stacks(samples, stacks):
    """Lists in the layers of a stack that are as long in each, and how long."""
    merged = []
    for changes, sample in samples:
        lists = {}
        for path, length in sample.lists.items():
            spelt, stack, _ = placed(path.split("."), stacks)
            if stack is not None and spelt != path:
                lists.setdefault(spelt, set()).add(length)
        merged.append((changes, sample, {p: n.pop() for p, n in lists.items() if len(n) == 1}, lists))
    uneven = {p for *_, lists in merged for p, n in lists.items() if len(n) > 0}
    kept = [(c, Inner(s, l)) for c, s, l, _ in merged]
    found = stacks_of(kept)
    return {p: f for p, f in found.items() if p not in uneven}


class Inner:
    """A sample whose lists are those inside of layers."""

    def __init__(self, sample, lists):
        self.sample, self.lists, self.read = sample, lists, sample.read


def placed(parts, stacks):
    """A name with N for its layer, the stack, and the layer."""
    for i, part in enumerate(parts):
        if part.isdigit() and ".".join(parts[:i]) in stacks:
            return ".".join([*parts[:i], "N", *parts[i + 1:]]), ".".join(parts[:i]), int(part)
    return ".".join(parts), None, None


def spelt(name, stacks, inner):
    found, stack, layer = placed(name.split("."), stacks)
    if stack is not None:
        parts = found.split(".")
        for i, part in enumerate(parts):
            if part.isdigit() and ".".join(parts[:i]) in inner:
                return ".".join([*parts[:i], "M", *parts[i + 1:]]), stack, (layer, int(part), ".".join(parts[:i]))
    return found, stack, layer


def seen_tensors(samples, stacks, inner, paths):
    """By name and module: for each sample its sizes, formulas and layers."""
    groups = {}
    for i, (_, sample) in enumerate(samples):
        for name, shape, sizes, kind in sample.tensors:
            path, stack, layer = spelt(name, stacks, inner)
            key = json.dumps([path, kind, stack])
            groups.setdefault(key, {}).setdefault(i, []).append((shape, plain_formula(list(sizes)), layer))
    formulas = Formulas(samples, paths)
    found = {}
    for key, by_sample in groups.items():
        untraced(by_sample, formulas)
        path, kind, stack = json.loads(key)
        for i, rows in by_sample.items():
            for shape, sizes, layer in rows:
                if isinstance(layer, int):
                    sizes = [by_layer(size, f".{layer}") for size in sizes]
                found.setdefault(json.dumps([path, sizes, kind, stack]), {}).setdefault(i, set()).add(layer)
    return found


def by_layer(formula, end):
    """A formula of its layer's value of a list as one of any layer's."""
    if isinstance(formula, list):
        return [formula[0], *(by_layer(part, end) for part in formula[1:])]
    return formula.removesuffix(end) + ".@" if isinstance(formula, str) and formula.endswith(end) else formula


def rules_over(config):
    """Rules that fields of a config may state of layers."""
    found = [["all"]]

    def walk(value, path):
        if isinstance(value, dict):
            for k, v in value.items():
                walk(v, f"{path}{k}.")
        elif isinstance(value, list):
            found.append(["list", path[:-1]])
        elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 200:
            found.extend([rule, path[:-1]] for rule in COUNTED)

    walk(plain_config(config), "")
    # A list says it itself, a number only how the list is made where there is none.
    found.sort(key=lambda rule: rule[0] not in ("all", "list"))
    found.extend([rule, number] for number in (1, 2, 3, 4, 5, 6, 8) for rule in COUNTED)
    return found


class Rules:
    """Which layers have a tensor."""

    def __init__(self, samples):
        self.samples = [s for _, s in samples]
        self.rules = rules_over(self.samples[0].config)
        self.known = {}

    def of(self, stack, layers):
        """A rule and the samples that it holds for."""
        key = json.dumps([stack, sorted((i, sorted(l)) for i, l in layers.items())])
        if key not in self.known:
            self.known[key] = self._found(stack, layers)
        return self.known[key]

    def _found(self, stack, layers):
        seen = [(have, self.samples[i].lists.get(stack, 0), self.samples[i].tree) for i, have in layers.items()]
        for rule in self.rules:
            for each in self._spelt(rule, seen):
                try:
                    if all(layers_of(each, count, tree) == have for have, count, tree in seen):
                        return each
                except Exception:
                    continue
        return self._pair(seen)

    def _pair(self, seen):
        """Two rules that pick the layers together."""
        wider, narrower = [], []
        for rule in self.rules[1:]:
            for each in self._spelt(rule, seen):
                try:
                    picked = [layers_of(each, count, tree) for _, count, tree in seen]
                except Exception:
                    continue
                if all(p >= have for p, (have, *_) in zip(picked, seen)):
                    wider.append((each, picked))
                elif all(p <= have for p, (have, *_) in zip(picked, seen)):
                    narrower.append((each, picked))
        for kind, rules in (("both", wider[:150]), ("either", narrower[:150])):
            for i, (one, first) in enumerate(rules):
                for other, second in rules[i + 1:]:
                    joined = (a & b if kind == "both" else a | b for a, b in zip(first, second))
                    if all(j == have for j, (have, *_) in zip(joined, seen)):
                        return [kind, one, other]
        return None

    def _spelt(self, rule, seen):
        if rule[0] != "list":
            return [rule]
        values = {}
        for have, count, tree in seen:
            listed = get(tree, rule[1])
            if not isinstance(listed, list) or len(listed) < count:
                return [["named", rule[1]], ["unnamed", rule[1]]]
            for i, value in enumerate(listed[:count]):
                if not isinstance(value, (str, int)):
                    return []
                if i in have:
                    values[json.dumps(value)] = value
        chosen = [values[k] for k in sorted(values)]
        return [["in", rule[1], chosen], ["first", rule[1], chosen], ["named", rule[1]], ["unnamed", rule[1]]]

    def lacks(self, rule, stack, i):
        """Whether the rule itself gives a sample no such tensor."""
        if stack is None or stack not in self.samples[i].lists:
            return stack is not None
        try:
            return not layers_of(rule, self.samples[i].lists[stack], self.samples[i].tree)
        except Exception:
            return False


def tensors_of(builder, samples, known=None):
    """Rows of a recipe, the stacks' lengths, and what could not be told."""
    stacks = stacks_of(samples)
    inner = inner_stacks(samples, stacks)
    paths = [at for at, v in builder.values.items() if isinstance(v, int) and not isinstance(v, bool)]
    seen = seen_tensors(samples, stacks, inner, paths)
    learner = Learner(builder, [s for _, s in samples])
    rules = Rules(samples)
    rows, untold = [], []
    for key, layers in seen.items():
        name, sizes, kind, stack = json.loads(key)
        layers, isWhole = outer_layers(layers, samples, inner)
        rule = rules.of(stack, layers) if stack is not None else None
        if stack is not None and rule is None or not isWhole:
            untold.append(name)
            rule = ["only", sorted(layers[min(layers)])]
        lacking = [
            i for i in range(len(samples)) if i not in layers and not (stack is not None and rules.lacks(rule, stack, i))
        ]
        lists = learner.conditions(list(layers), lacking)
        if lists is None:
            untold.append(name)
            lists = [[]] if 0 in layers else []
        rows += [[name, sizes, kind, rule, conditions] for conditions in lists]
    return rows, stacks | inner, untold


def outer_layers(layers, samples, inner):
    """The layers of each sample, and whether lists inside of them are whole."""
    found, isWhole = {}, True
    for i, have in layers.items():
        if not any(isinstance(each, tuple) for each in have):
            found[i] = have
            continue
        by_layer = {}
        for layer, at, path in have:
            by_layer.setdefault(layer, set()).add(at)
            count = value_of(inner[path], samples[i][1].read)
        isWhole = isWhole and all(each == set(range(count)) for each in by_layer.values())
        found[i] = set(by_layer)
    return found, isWhole
