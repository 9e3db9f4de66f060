"""Finds for which configs a tensor is there: what holds of all that have it and of no other."""

import re

from recipe_values import holds

SIZED = re.compile(r"size|dim|width|d_model|hidden|heads")


def candidates(builder, samples):
    """Conditions that a config may be asked for, the likeliest first."""
    found = []
    values = builder.values
    for at, value in values.items():
        if isinstance(value, bool):
            found += [[at, True], [at, False]]
    for at, value in values.items():
        if value is None or isinstance(value, int) and not isinstance(value, bool):
            found += [[at, None], [at, 1]]
        elif isinstance(value, str):
            for text in sorted({v for s in samples if isinstance(v := s.read(at), str)}):
                found += [[at, "is", text], [at, "isnt", text]]
    numbers = [at for at, v in values.items() if isinstance(v, int) and not isinstance(v, bool)]
    base = samples[0]
    sized = [at for at in numbers if SIZED.search(at) and isinstance(base.read(at), int)]
    for i, one in enumerate(sized):
        for other in sized[i + 1:]:
            if base.read(one) == base.read(other) or any(s.read(one) == s.read(other) for s in samples):
                found += [[one, "!=", other], [one, "==", other]]
    for at in numbers:
        seen = sorted({v for s in samples if isinstance(v := s.read(at), int) and not isinstance(v, bool)})
        for bound in seen[:-1]:
            found += [[at, ">", bound], [at, "<=", bound]]
    return found


class Learner:
    """Conditions by which samples differ."""

    def __init__(self, builder, samples):
        self.samples = samples
        self.table = []
        for condition in candidates(builder, samples):
            truth = tuple(bool(holds(condition, s.read)) for s in samples)
            if any(truth) and not all(truth):
                self.table.append((condition, truth))
        self.known = {}

    def conditions(self, having, lacking):
        """Lists of conditions: a tensor is there where all of one list hold; None where that says too little."""
        key = (tuple(sorted(having)), tuple(sorted(lacking)))
        if key not in self.known:
            self.known[key] = self._found(set(having), set(lacking), 2)
        return self.known[key]

    def _found(self, having, lacking, splits):
        if not lacking:
            return [[]]
        one = self._conjunction(having, lacking)
        if one is not None:
            return [one]
        if splits == 0:
            return None
        best = None
        for condition, truth in self.table:
            inside = {i for i in having if truth[i]}
            if not inside or inside == having:
                continue
            first = self._conjunction(inside, lacking)
            if first is None:
                continue
            rest = self._found(having - inside, lacking, splits - 1)
            if rest is None:
                continue
            found = [first, *rest]
            if best is None or sum(map(len, found)) < sum(map(len, best)):
                best = found
            if sum(map(len, found)) <= len(found):
                break
        return best

    def _conjunction(self, having, lacking):
        usable = [(c, {i for i in lacking if not t[i]}) for c, t in self.table if all(t[i] for i in having)]
        left, chosen = set(lacking), []
        while left:
            condition, excluded = max(usable, key=lambda each: len(each[1] & left), default=(None, set()))
            if not excluded & left:
                return None
            chosen.append(condition)
            left -= excluded
        return chosen
