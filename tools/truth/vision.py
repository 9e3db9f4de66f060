"""Truth of the vision-language models, and of CLIP and SigLIP."""

from common import write
from vision_types import clip_towers, llava, native, others

# One sequence of random numbers goes through them all, in this order.
TYPES = [*llava.TYPES, *native.TYPES, *others.TYPES, *clip_towers.TYPES]

if __name__ == "__main__":
    write("tests/truth/random_vision.json", TYPES)
