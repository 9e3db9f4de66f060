"""Optimizers, and the implementations that PyTorch has of each."""

from .decoders import DENSE
from .scenario import scenario

OPTIMIZERS = {
    "adamw": ["foreach", "for-loop", "fused", "auto"],
    "adam": ["foreach", "for-loop", "fused"],
    "amsgrad": ["foreach", "for-loop", "fused"],
    "nadam": ["foreach", "for-loop"],
    "radam": ["foreach", "for-loop"],
    "adamax": ["foreach", "for-loop"],
    "adagrad": ["foreach", "for-loop", "fused"],
    "adadelta": ["foreach", "for-loop"],
    "rmsprop": ["foreach", "for-loop"],
    "sgd": ["foreach", "for-loop", "fused"],
    "sgd-momentum": ["foreach", "for-loop", "fused"],
    "nesterov": ["foreach", "for-loop"],
    "asgd": ["foreach", "for-loop"],
    "rprop": ["foreach", "for-loop"],
    "adafactor": ["for-loop", "auto"],
}


def cases():
    config = {"model_type": "llama", **DENSE, "vocab_size": 4000}
    for weights in ("bf16", "fp32"):
        for name, implementations in OPTIMIZERS.items():
            for implementation in implementations:
                change = {
                    "precision": {"weights": weights},
                    "optimizer": {"name": name, "implementation": implementation},
                    "train": {"attention": "eager"},
                }
                yield (
                    f"optimizer {name} {implementation} {weights}",
                    scenario(config, change, 1, 256),
                )
