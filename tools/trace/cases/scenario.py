"""What every case has: a Scenario of a plain step, changed."""

VERSIONS = {"model_code": "transformers"}

# (micro batch, sequence): batch and sequence never equal, T from 256 to 4096.
SHAPES = [(2, 512), (1, 1024), (4, 256), (3, 320), (2, 1024), (1, 384)]


def merged(base, change):
    out = dict(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


def scenario(config, change, batch, sequence):
    plain = {
        "model": {"config": config},
        "task": "train",
        "train": {
            "method": "full",
            "micro_batch": batch,
            "sequence_length": sequence,
            "attention": "flash",
            "checkpointing": "none",
            "loss": "full",
        },
        "precision": {"weights": "bf16"},
        "optimizer": {"name": "adamw", "implementation": "foreach"},
        "software": dict(VERSIONS),
    }
    return merged(plain, change)
