"""Numbers that remember how they were computed from a config's fields.

A model of transformers that is built from a config of such numbers tells of each
tensor not only its size but the formula of it. A formula is a field's path, a number,
or a list of an operation and what it works on.
"""

import math
import operator

import torch
from torch.utils._device import _device_constructors

LONGEST = 40


def formula_of(value):
    return getattr(value, "formula", None) or value


def _length(formula):
    return sum(map(_length, formula[1:])) + 1 if isinstance(formula, list) else 1


def _traced(value, *formula):
    formula = [formula[0], *map(formula_of, formula[1:])]
    if isinstance(value, bool) or _length(formula) > LONGEST:
        return value
    if isinstance(value, int):
        return Whole(value, formula)
    return Real(value, formula) if isinstance(value, float) else value


def _plain(value):
    if isinstance(value, Whole):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, Real) else value


def _both(symbol, work):
    def forth(self, other):
        if not isinstance(other, (int, float)):
            return NotImplemented
        return _traced(work(_plain(self), _plain(other)), symbol, self, other)

    def back(self, other):
        if not isinstance(other, (int, float)):
            return NotImplemented
        return _traced(work(_plain(other), _plain(self)), symbol, other, self)

    return forth, back


class _Kept:
    def __deepcopy__(self, memo):
        return self

    def __copy__(self):
        return self

    def __reduce__(self):
        return (type(self), (_plain(self), self.formula))

    def __floor__(self):
        return _traced(math.floor(_plain(self)), "floor", self)

    def __ceil__(self):
        return _traced(math.ceil(_plain(self)), "ceil", self)

    def __round__(self, digits=None):
        return _traced(round(_plain(self), digits), "round", self)


class Whole(_Kept, int):
    def __new__(cls, value, formula):
        made = int.__new__(cls, value)
        made.formula = formula
        return made


class Real(_Kept, float):
    def __new__(cls, value, formula):
        made = float.__new__(cls, value)
        made.formula = formula
        return made


for _name, _symbol, _work in [
    ("add", "+", operator.add), ("sub", "-", operator.sub), ("mul", "*", operator.mul),
    ("floordiv", "//", operator.floordiv), ("truediv", "/", operator.truediv), ("pow", "**", operator.pow),
    ("mod", "%", operator.mod),
]:
    _forth, _back = _both(_symbol, _work)
    for _class in (Whole, Real):
        setattr(_class, f"__{_name}__", _forth)
        setattr(_class, f"__r{_name}__", _back)


class _AnyWhole(type):
    def __instancecheck__(cls, value):
        return isinstance(value, int)


class whole(metaclass=_AnyWhole):
    """Stands for `int` in the modules of models."""

    def __new__(cls, value=0, *more):
        if isinstance(value, Real):
            return _traced(int(_plain(value)), "floor", value)
        return value if isinstance(value, Whole) else int(value, *more)


def remember_sizes():
    """Tensors made by torch, and parameters of them, keep the formulas of their sizes."""
    # Read once by torch: what makes tensors on the device of a context.
    _device_constructors()
    for name in ("empty", "zeros", "ones", "randn", "rand", "full"):
        setattr(torch, name, _remembering(getattr(torch, name)))
    before = torch.nn.Parameter.__new__

    def parameter(cls, data=None, requires_grad=True):
        made = before(cls, data, requires_grad)
        if hasattr(data, "sizes"):
            made.sizes = data.sizes
        return made

    torch.nn.Parameter.__new__ = parameter


def _remembering(make):
    def made(*args, **kwargs):
        tensor = make(*args, **kwargs)
        sizes = args[0] if args and isinstance(args[0], (tuple, list)) else args
        if len(sizes) == tensor.dim():
            try:
                tensor.sizes = [formula_of(size) for size in sizes]
            except AttributeError:
                pass
        return tensor

    return made


class Unknown(Exception):
    """A formula of a field that a config does not have."""


def value_of(formula, read):
    """The number of a formula over a config's fields."""
    if isinstance(formula, str):
        return read(formula)
    if not isinstance(formula, list):
        return formula
    kind, *parts = formula
    values = [value_of(part, read) for part in parts]
    if kind in ("floor", "ceil", "round"):
        return {"floor": math.floor, "ceil": math.ceil, "round": round}[kind](values[0])
    a, b = values
    return {
        "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "/": operator.truediv,
        "**": operator.pow, "%": operator.mod,
    }[kind](a, b)
