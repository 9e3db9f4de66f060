"""Classes of decoders and encoders that give no words, for traced_heads.json."""

from .decoders import MODELS
from .encoders import BERT, ENCODER_SHAPES, ENCODERS
from .scenario import SHAPES, merged, scenario
from .settings import SETTINGS

LABELS = {
    "sequences": ("ForSequenceClassification", {}),
    "reward": ("ForSequenceClassification", {"num_labels": 1}),
    "several labels": (
        "ForSequenceClassification",
        {"num_labels": 20, "problem_type": "multi_label_classification"},
    ),
    "tokens": ("ForTokenClassification", {"num_labels": 9}),
    "spans": ("ForQuestionAnswering", {}),
    "bare": ("Model", {}),
}
HEADS = {
    "llama": ("Llama", MODELS["llama"]),
    "qwen2": ("Qwen2", MODELS["qwen2"]),
    "mistral": ("Mistral", MODELS["mistral"]),
    "qwen3": ("Qwen3", MODELS["qwen3"]),
    "gemma2": ("Gemma2", MODELS["gemma2"]),
    "phi3": ("Phi3", MODELS["phi3"]),
    "gpt2": ("GPT2", {**MODELS["gpt2"], "n_positions": 1024, "pad_token_id": 0}),
    "gpt_neox": ("GPTNeoX", MODELS["gpt_neox"]),
    "opt": ("OPT", {**MODELS["opt"], "max_position_embeddings": 2048, "pad_token_id": 0}),
    "starcoder2": ("Starcoder2", MODELS["starcoder2"]),
    "stablelm": ("StableLm", MODELS["stablelm"]),
}
HEAD_SETTINGS = {
    "full bf16": {},
    "full fp32 autocast": SETTINGS["full fp32 autocast"],
    "full bf16 checkpointing": SETTINGS["full bf16 checkpointing"],
    "lora autocast": SETTINGS["lora autocast"],
    "lora checkpointing": SETTINGS["lora checkpointing"],
    "full fp32 sdpa": SETTINGS["full fp32 sdpa"],
    "full bf16 eager": SETTINGS["full bf16 eager"],
    "full fp32 autocast checkpointing": SETTINGS["full fp32 autocast checkpointing"],
    "lora bf16 adapters eager": SETTINGS["lora bf16 adapters eager"],
    "accumulation": {"train": {"gradient_accumulation": 2}},
}
ENCODER_HEADS = {
    "bert": ("Bert", {**BERT, "num_hidden_layers": 3}),
    "xlm-roberta": (
        "XLMRoberta",
        {**ENCODERS["roberta-base"], "model_type": "xlm-roberta", "num_hidden_layers": 3},
    ),
    "distilbert": ("DistilBert", {**ENCODERS["distilbert"], "n_layers": 3}),
    "modernbert": ("ModernBert", ENCODERS["modernbert"]),
}


def cases():
    """Cases of every class without words: a few settings of each."""
    number = 0
    for index, (name, (stem, fields)) in enumerate((HEADS | ENCODER_HEADS).items()):
        for kind, (label, (end, more)) in enumerate(LABELS.items()):
            # transformers has no such class.
            if label == "spans" and name in ("phi3", "starcoder2", "stablelm", "gemma2"):
                continue
            if label == "tokens" and name == "opt":
                continue
            whole = name in ("llama", "qwen2", "gpt2", "bert")
            for place, (setting, change) in enumerate(HEAD_SETTINGS.items()):
                if (index + kind + place) % (2 if whole else 5):
                    continue
                number += 1
                if name == "gemma2" and setting.endswith("sdpa"):
                    continue  # its classes without words refuse it
                if name in ENCODER_HEADS:
                    change = merged(change, {"train": {"attention": "sdpa"}})
                batch, sequence = SHAPES[number % len(SHAPES)]
                if name in ENCODER_HEADS:
                    batch, sequence = ENCODER_SHAPES[number % len(ENCODER_SHAPES)]
                config = {"model_type": name, **fields, "architectures": [stem + end], **more}
                yield f"head {name} {label} {setting}", scenario(config, change, batch, sequence)
