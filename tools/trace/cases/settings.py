"""Ways to train that the types of models see."""

LORA = {"rank": 16, "alpha": 32, "dropout": 0, "targets": "all-linear", "adapter_dtype": "fp32"}
ALL7 = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
NF4 = {"weights": "nf4-dq", "kbit_upcast": True}

# Changes of the plain case (full bf16, flash, no checkpointing) that each model type sees.
SETTINGS = {
    "full bf16": {},
    "full fp32 autocast": {"precision": {"weights": "fp32", "autocast": "bf16"}},
    "full bf16 sdpa mask": {"train": {"attention": "sdpa", "padding_mask": True}},
    "full bf16 checkpointing": {"train": {"checkpointing": "full"}},
    "lora autocast": {
        "precision": {"autocast": "bf16"},
        "train": {"method": "lora", "lora": LORA},
    },
    "full bf16 eager": {"train": {"attention": "eager"}},
    "full fp32 sdpa": {"precision": {"weights": "fp32"}, "train": {"attention": "sdpa"}},
    "full bf16 sdpa": {"train": {"attention": "sdpa"}},
    "full fp32 autocast eager mask": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"attention": "eager", "padding_mask": True},
    },
    "full fp32 autocast checkpointing": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"checkpointing": "full"},
    },
    "lora checkpointing": {
        "train": {"method": "lora", "lora": LORA, "checkpointing": "full"},
    },
    "lora bf16 adapters eager": {
        "train": {
            "method": "lora",
            "lora": {**LORA, "adapter_dtype": "bf16"},
            "attention": "eager",
        },
    },
    "qlora autocast": {
        "precision": {"autocast": "bf16"},
        "quantization": NF4,
        "train": {"method": "qlora", "lora": LORA},
    },
    "qlora autocast checkpointing": {
        "precision": {"autocast": "bf16"},
        "quantization": NF4,
        "train": {"method": "qlora", "lora": LORA, "checkpointing": "full"},
    },
}

# What types see whose code is kin to another's.
KIN_SETTINGS = (
    "full bf16",
    "full fp32 autocast",
    "full bf16 sdpa mask",
    "full bf16 checkpointing",
    "lora autocast",
    "full bf16 eager",
    "full fp32 autocast eager mask",
    "lora checkpointing",
    "qlora autocast checkpointing",
)
