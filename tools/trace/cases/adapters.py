"""Adapters beside the usual ones, and the types that see them."""

from itertools import cycle

from .decoders import DENSE, MODELS
from .scenario import SHAPES, merged, scenario
from .settings import LORA, NF4

_QLORA = {"quantization": NF4, "precision": {"autocast": "bf16"}}


def _adapted(change=None, method="lora", train=None, **lora):
    own = {"method": method, "lora": {**LORA, **lora}, **(train or {})}
    return merged(change or {}, {"train": own})


_LLAMA4 = {
    **DENSE,
    "model_type": "llama4_text",
    "head_dim": 64,
    "num_hidden_layers": 4,
    "intermediate_size": 384,
    "intermediate_size_mlp": 1024,
    "num_local_experts": 8,
    "num_experts_per_tok": 1,
    "interleave_moe_layer_step": 2,
}

_AUTOCAST = {"precision": {"autocast": "bf16"}}
_FUSED = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
ADAPTERS = {
    "lora dora dropout": (_adapted(dora=True, dropout=0.1), "qwen2 gemma2"),
    "lora dora checkpointing": (
        _adapted(_AUTOCAST, dora=True, train={"checkpointing": "full"}),
        "llama",
    ),
    "qlora dora": (_adapted(_QLORA, "qlora", dora=True), "llama phi"),
    "qlora dora dropout": (_adapted(_QLORA, "qlora", dora=True, dropout=0.1), "llama starcoder2"),
    "qlora dora without upcast": (
        _adapted(
            {**_QLORA, "quantization": {**NF4, "kbit_upcast": False}}, "qlora", dora=True
        ),
        "qwen3",
    ),
    "qlora without autocast checkpointing": (
        _adapted(
            {"quantization": NF4},
            "qlora",
            train={"attention": "eager", "checkpointing": "full"},
        ),
        "llama gemma2 gpt_neox",
    ),
    "qlora dropout without autocast": (
        _adapted({"quantization": NF4}, "qlora", dropout=0.1, train={"attention": "eager"}),
        "gemma2",
    ),
    "qlora saves both ends": (
        _adapted(_QLORA, "qlora", modules_to_save=["lm_head", "embed_tokens"]),
        "qwen2 gemma2 llama",
    ),
    "qlora saves embeddings checkpointing": (
        _adapted(
            _QLORA, "qlora", modules_to_save=["embed_tokens"], train={"checkpointing": "full"}
        ),
        "qwen2 llama",
    ),
    "qlora accumulation": (
        _adapted(_QLORA, "qlora", train={"gradient_accumulation": 2}),
        "llama",
    ),
    "lora some layers": (
        _adapted(targets=r".*layers\.[12]\..*(q|v|down)_proj"),
        "smollm3 mixtral",
    ),
    "lora some layers checkpointing": (
        _adapted(targets=r".*layers\.[12]\..*(q|v|down)_proj", train={"checkpointing": "full"}),
        "smollm3",
    ),
    "lora head": (_adapted(_AUTOCAST, targets=["q_proj", "lm_head"]), "llama qwen2"),
    "lora embeddings": (_adapted(targets=["q_proj", "embed_tokens"]), "llama gemma qwen2"),
    "lora embeddings checkpointing": (
        _adapted(_AUTOCAST, targets=["q_proj", "embed_tokens"], train={"checkpointing": "full"}),
        "qwen2",
    ),
    "lora all experts": (_adapted(), "mixtral qwen2_moe"),
    "lora all experts unscaled": (
        _adapted(alpha=16, adapter_dtype="bf16"),
        "mixtral deepseek_v3",
    ),
    "lora named experts": (
        _adapted(targets=["q_proj", "v_proj"], target_parameters=_FUSED),
        "mixtral deepseek_v3 gpt_oss",
    ),
    "lora named experts checkpointing": (
        _adapted(
            _AUTOCAST,
            targets=["q_proj", "v_proj"],
            target_parameters=_FUSED,
            train={"checkpointing": "full"},
        ),
        "qwen3_moe gpt_oss",
    ),
    "qlora experts": (_adapted(_QLORA, "qlora"), "mixtral qwen3_moe deepseek_v3 gpt_oss"),
    "qlora experts checkpointing": (
        _adapted(_QLORA, "qlora", train={"checkpointing": "full"}),
        "mixtral qwen3_moe gpt_oss",
    ),
    "full fp32 autocast experts": (
        {"precision": {"weights": "fp32", "autocast": "bf16"}},
        "mixtral deepseek_v3 gpt_oss",
    ),
    "full bf16 eager experts": ({"train": {"attention": "eager"}}, "gpt_oss mixtral"),
    "full bf16 checkpointing eager experts": (
        {"train": {"attention": "eager", "checkpointing": "full"}},
        "gpt_oss qwen3_moe",
    ),
    "full bf16 sdpa experts": ({"train": {"attention": "sdpa"}}, "llama4_text"),
    "full fp32 autocast checkpointing sdpa experts": (
        {
            "precision": {"weights": "fp32", "autocast": "bf16"},
            "train": {"attention": "sdpa", "checkpointing": "full"},
        },
        "llama4_text",
    ),
    "lora sdpa experts": (
        _adapted(
            targets=["q_proj", "v_proj", "o_proj"],
            target_parameters=["experts.gate_up_proj", "experts.down_proj"],
            train={"attention": "sdpa"},
        ),
        "llama4_text",
    ),
    "qlora sdpa experts": (
        _adapted(
            _QLORA,
            "qlora",
            targets=["q_proj", "v_proj", "o_proj"],
            train={"attention": "sdpa"},
        ),
        "llama4_text",
    ),
}


def cases():
    shapes = cycle(SHAPES)
    for setting, (change, types) in ADAPTERS.items():
        for model_type in types.split():
            config = {"model_type": model_type, **MODELS.get(model_type, _LLAMA4)}
            # What is presented here is no flash kernel with sinks.
            eager = {"train": {"attention": "eager"}} if model_type == "gpt_oss" else {}
            yield (
                f"adapters {model_type} {setting}",
                scenario(config, merged(change, eager), *next(shapes)),
            )
