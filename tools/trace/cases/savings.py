"""What makes activations stand less long, and parts of a model that train alone."""

from .decoders import MODELS
from .scenario import merged, scenario
from .settings import LORA

FULL = {}
ADAPTED = {"train": {"method": "lora", "lora": LORA}, "precision": {"autocast": "bf16"}}
MIXED = {"precision": {"weights": "fp32", "autocast": "bf16"}}
CHECKPOINTS = {"train": {"checkpointing": "full"}}
REENTRANT = {"train": {"checkpointing": "full", "use_reentrant": True}}
SOME = {
    "last layer": {"trainable_layers": 1},
    "first layer": {"trainable_layers": -1},
    "patterned": {
        "trainable_parameters": r"model\.layers\.[13]\.mlp\..*|lm_head\.weight|model\.embed_tokens\..*"
    },
    "attention alone": {"trainable_parameters": r".*\.self_attn\..*"},
}


def _ways():
    for how in ("sync", "streams"):
        away = {"train": {"activation_offloading": how}}
        for what, change in (("full", FULL), ("lora", ADAPTED)):
            yield f"{what} {how}", merged(change, away)
            yield f"{what} {how} checkpointing", merged(merged(change, away), CHECKPOINTS)
    yield "lora sync reentrant", merged(merged(ADAPTED, {"train": {"activation_offloading": "sync"}}), REENTRANT)
    for what, change in (("full", FULL), ("full fp32 autocast", MIXED), ("lora", ADAPTED)):
        yield f"{what} reentrant", merged(change, REENTRANT)
    for name, parts in SOME.items():
        for what, change in (("full", FULL), ("full fp32 autocast", MIXED)):
            yield f"{what} {name}", merged(change, {"train": parts})
        yield f"full {name} checkpointing", merged(CHECKPOINTS, {"train": parts})


# Types whose experts transformers 5 keeps as one parameter of a layer.
EXPERTS = ("qwen3_moe", "mixtral")


def _experts():
    for checkpointing in ("none", "full"):
        change = {
            "train": {
                "method": "qlora",
                "lora": {**LORA, "targets": ["q_proj", "v_proj"]},
                "checkpointing": checkpointing,
            },
            "precision": {"autocast": "bf16"},
            "quantization": {"weights": "nf4-dq", "kbit_upcast": False, "experts": True},
        }
        yield f"experts quantised {checkpointing}", change


def cases():
    for name in EXPERTS:
        for what, change in _experts():
            yield f"{name} {what}", scenario({"model_type": name, **MODELS[name]}, change, 2, 512)
    for name in ("llama", "qwen3"):
        config = {"model_type": name, **MODELS[name], "num_hidden_layers": 4}
        for what, change in _ways():
            yield f"{name} {what}", scenario(config, change, 2, 512)
