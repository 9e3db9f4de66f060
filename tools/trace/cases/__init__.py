"""The Scenarios that are traced for the files of tests/truth that hold steps."""

from itertools import cycle

from . import (
    adapters,
    decoders,
    encoder_kin,
    encoder_others,
    encoder_varied,
    encoders,
    heads,
    hearing,
    optimizers,
    real_widths,
    savings,
    state_spaces,
    variants,
)
from .scenario import SHAPES


def cases():
    """Every case: its name and its Scenario."""
    shapes = cycle(SHAPES)
    yield from variants.cases(shapes)
    yield from optimizers.cases()
    yield from real_widths.cases()
    yield from decoders.cases(shapes)
    yield from adapters.cases()
    yield from encoders.cases()
    yield from state_spaces.cases()
    yield from heads.cases()
    yield from savings.cases()
    yield from encoder_kin.cases()
    yield from encoder_others.cases()
    yield from encoder_varied.cases()
    yield from hearing.cases()
