"""Ways to train that two llama-like models see beyond all models' settings."""

from .decoders import MODELS
from .scenario import merged, scenario
from .settings import ALL7, LORA, NF4, SETTINGS


def _lora(**changes):
    return {"method": "lora", "lora": {**LORA, "targets": ALL7, **changes}}


VARIANTS = {
    "lora": {"train": _lora()},
    "lora default targets": {"train": _lora(targets="default")},
    "lora default targets autocast": {
        "train": _lora(targets="default"),
        "precision": {"autocast": "bf16"},
    },
    "lora dropout": {"train": _lora(dropout=0.05)},
    "lora dropout autocast": {"train": _lora(dropout=0.05), "precision": {"autocast": "bf16"}},
    "lora bf16 adapters": {"train": _lora(adapter_dtype="bf16")},
    "lora bf16 adapters dropout": {"train": _lora(adapter_dtype="bf16", dropout=0.1)},
    "lora bf16 adapters autocast": {
        "train": _lora(adapter_dtype="bf16"),
        "precision": {"autocast": "bf16"},
    },
    "lora dora": {"train": _lora(dora=True)},
    "lora dora autocast": {"train": _lora(dora=True), "precision": {"autocast": "bf16"}},
    "lora modules to save": {"train": _lora(modules_to_save=["lm_head", "embed_tokens"])},
    "lora modules to save autocast": {
        "train": _lora(modules_to_save=["lm_head"]),
        "precision": {"autocast": "bf16"},
    },
    "lora fp32 weights autocast": {
        "train": _lora(),
        "precision": {"weights": "fp32", "autocast": "bf16"},
    },
    "lora fp32": {
        "train": {**_lora(), "attention": "eager"},
        "precision": {"weights": "fp32"},
    },
    "lora autocast checkpointing": {
        "train": {**_lora(), "checkpointing": "full"},
        "precision": {"autocast": "bf16"},
    },
    "lora dropout autocast checkpointing": {
        "train": {**_lora(dropout=0.05), "checkpointing": "full"},
        "precision": {"autocast": "bf16"},
    },
    "lora attention only": {
        "train": _lora(targets=["q_proj", "k_proj", "v_proj", "o_proj"], rank=8),
    },
    "lora sdpa mask autocast": {
        "train": {**_lora(), "attention": "sdpa", "padding_mask": True},
        "precision": {"autocast": "bf16"},
    },
    "qlora single": {
        "train": {**_lora(), "method": "qlora"},
        "precision": {"autocast": "bf16"},
        "quantization": {"weights": "nf4", "kbit_upcast": True},
    },
    "qlora without upcast": {
        "train": {**_lora(), "method": "qlora"},
        "precision": {"autocast": "bf16"},
        "quantization": {"weights": "nf4-dq", "kbit_upcast": False},
    },
    "qlora without upcast checkpointing": {
        "train": {**_lora(), "method": "qlora", "checkpointing": "full"},
        "precision": {"autocast": "bf16"},
        "quantization": {"weights": "nf4-dq", "kbit_upcast": False},
    },
    "qlora without autocast": {
        "train": {**_lora(), "method": "qlora", "attention": "eager"},
        "quantization": {"weights": "nf4-dq", "kbit_upcast": True},
    },
    "qlora dropout checkpointing": {
        "train": {**_lora(dropout=0.1), "method": "qlora", "checkpointing": "full"},
        "precision": {"autocast": "bf16"},
        "quantization": NF4,
    },
    "qlora sdpa mask": {
        "train": {**_lora(), "method": "qlora", "attention": "sdpa", "padding_mask": True},
        "precision": {"autocast": "bf16"},
        "quantization": NF4,
    },
    "flash mask": {"train": {"padding_mask": True}},
    "flash mask autocast checkpointing": {
        "train": {"padding_mask": True, "checkpointing": "full"},
        "precision": {"weights": "fp32", "autocast": "bf16"},
    },
    "fp16 autocast": {"precision": {"weights": "fp32", "autocast": "fp16"}},
    "bf16 autocast": {"precision": {"autocast": "bf16"}},
    "fp32 eager": {"precision": {"weights": "fp32"}, "train": {"attention": "eager"}},
    "fp32 checkpointing eager": {
        "precision": {"weights": "fp32"},
        "train": {"attention": "eager", "checkpointing": "full"},
    },
    "accumulation": {"train": {"gradient_accumulation": 2}},
    "accumulation checkpointing": {
        "train": {"gradient_accumulation": 2, "checkpointing": "full"},
    },
    "accumulation fp32 autocast": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"gradient_accumulation": 3},
    },
    "in backward": {"optimizer": {"in_backward": True}},
    "in backward sgd checkpointing": {
        "optimizer": {"name": "sgd", "in_backward": True},
        "train": {"checkpointing": "full"},
    },
}


def cases(shapes):
    for model_type in ("llama", "qwen3"):
        config = {"model_type": model_type, **MODELS[model_type], "num_hidden_layers": 4}
        for setting, change in VARIANTS.items():
            yield f"{model_type} {setting}", scenario(config, change, *next(shapes))
        yield (
            f"{model_type} qlora 2048 tokens",
            scenario(config, merged(SETTINGS["qlora autocast"], {"train": _lora()}), 2, 1024),
        )
