"""Truth of the families before llama, encoders and state space models."""

from classic_types import decoders, encoders, seq2seq, state_spaces
from common import write

# One sequence of random numbers goes through them all, so later ones stand last.
TYPES = [
    *decoders.TYPES,
    *seq2seq.TYPES,
    *encoders.TYPES,
    *seq2seq.STACKED,
    *decoders.LATER,
    *state_spaces.TYPES,
    *seq2seq.LATER,
]

if __name__ == "__main__":
    write("tests/truth/random_classic.json", TYPES)
