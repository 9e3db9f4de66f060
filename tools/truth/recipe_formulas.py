"""Formulas of sizes, also of those that tracing lost."""

import json

from recipe_builds import plain
from traced_sizes import value_of


def plain_formula(value):
    if isinstance(value, list):
        return [plain_formula(v) for v in value]
    return value if isinstance(value, str) else plain(value)


class Formulas:
    """Replaces numbers that follow fields after all, which tracing did not see."""

    def __init__(self, samples, paths):
        pool = {}
        for _, sample in samples:
            for _, _, sizes, _ in sample.tensors:
                for size in sizes:
                    if not isinstance(size, int) or hasattr(size, "formula"):
                        pool[json.dumps(plain_formula(size))] = plain_formula(size)
        for path in paths:
            pool[json.dumps(path)] = path
        self.pool = sorted(pool.values(), key=lambda f: len(json.dumps(f)) if isinstance(f, list) else 0)
        self.samples = [s for _, s in samples]

    def of(self, wanted):
        """A formula that gives the wanted number in each sample; None where none does."""
        for formula in self.pool:
            try:
                if all(value_of(formula, self.samples[i].read) == n for i, n in wanted.items()):
                    return formula
            except Exception:
                continue
        return None


def untraced(by_sample, formulas):
    """Gives sizes that are numbers, and differ between samples, a formula where one is right."""
    widths = {len(shape) for rows in by_sample.values() for shape, *_ in rows}
    if len(widths) != 1:
        return
    for side in range(widths.pop()):
        rows = [(i, row) for i, each in by_sample.items() for row in each]
        plainly = [(i, row) for i, row in rows if isinstance(row[1][side], int)]
        if not plainly or len({row[0][side] for _, row in rows}) == 1:
            continue
        for subset in (rows, plainly):
            wanted = {}
            if any(wanted.setdefault(i, row[0][side]) != row[0][side] for i, row in subset):
                continue
            formula = formulas.of(wanted)
            if formula is not None:
                for _, row in subset:
                    row[1][side] = formula
                break
