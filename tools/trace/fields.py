"""Reads a Scenario's fields."""

from runtime import torch

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def get(scenario, path, default=None):
    """The value at a dotted path of a Scenario, or the default."""
    for key in path.split("."):
        if not isinstance(scenario, dict) or key not in scenario:
            return default
        scenario = scenario[key]
    return default if scenario is None else scenario
