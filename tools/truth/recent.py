"""Truth of the families released lately: hybrids, sparse attention, new experts.

Gemma 3n's vision tower comes of timm; without it, its entries are left out.
"""

from common import write
from recent_types import decoders, gemma, hybrids, latent, qwen, towers

# One sequence of random numbers goes through them all, so later ones stand last.
TYPES = [
    *qwen.TYPES,
    *gemma.TYPES,
    *latent.TYPES,
    *hybrids.TYPES,
    *decoders.TYPES,
    *towers.TYPES,
    *decoders.LATER,
    *gemma.HEARING,
    *hybrids.SILENT,
    *towers.LATER,
    *gemma.PER_LAYER,
]

if __name__ == "__main__":
    write("tests/truth/random_recent.json", TYPES)
