"""Traces how models are loaded and writes tests/truth/loading.json.

    python tools/trace/loading.py [--out FILE] [--jobs N]

transformers' own from_pretrained reads a checkpoint onto the device: in its order,
with its conversions and bitsandbytes' packing. Then PEFT prepares it and makes
adapters. Whatever its threads may read ahead has been read before anything is
converted: the most that can stand.
"""

import argparse
import gc
import multiprocessing

from adapters import adapt
from cases.scenario import scenario as scenario_of
from classes import class_of, config_of
from fields import DTYPES, get
from runtime import DEVICE, torch
from write import save

import transformers.core_model_loading as loading
import transformers.modeling_utils as modeling

LLAMA = {
    "model_type": "llama",
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "vocab_size": 32000,
    "pad_token_id": 0,
}
QWEN_MOE = {
    "model_type": "qwen3_moe",
    "hidden_size": 512,
    "intermediate_size": 1024,
    "moe_intermediate_size": 384,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "num_experts": 16,
    "num_experts_per_tok": 4,
    "vocab_size": 8000,
}
DENSE_FIRST = {**QWEN_MOE, "mlp_only_layers": [2]}
MIXTRAL = {
    "model_type": "mixtral",
    "hidden_size": 256,
    "intermediate_size": 896,
    "num_hidden_layers": 2,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "vocab_size": 16000,
}
GPT_OSS = {
    "model_type": "gpt_oss",
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "vocab_size": 16000,
}
TIED = {**LLAMA, "model_type": "qwen2", "tie_word_embeddings": True}
SMALL_VOCABULARY = {**LLAMA, "vocab_size": 512, "hidden_size": 768, "intermediate_size": 4096}
LORA = {"rank": 8, "alpha": 16, "dropout": 0.0, "adapter_dtype": "fp32", "targets": ["q_proj", "v_proj"]}


def qlora(weights, upcast=False, experts=False):
    return {
        "precision": {"autocast": "bf16"},
        "quantization": {"weights": weights, "kbit_upcast": upcast, "experts": experts},
        "train": {"method": "qlora", "lora": LORA},
    }


CASES = [
    ("llama bf16", LLAMA, {}),
    ("llama fp32", LLAMA, {"precision": {"weights": "fp32", "autocast": "bf16"}}),
    ("llama nf4", LLAMA, qlora("nf4")),
    ("llama nf4-dq upcast", LLAMA, qlora("nf4-dq", True)),
    ("llama small vocabulary nf4-dq", SMALL_VOCABULARY, qlora("nf4-dq")),
    ("llama int8", LLAMA, qlora("int8")),
    ("qwen2 tied nf4 upcast", TIED, qlora("nf4", True)),
    ("qwen3_moe bf16", QWEN_MOE, {}),
    ("qwen3_moe nf4", QWEN_MOE, qlora("nf4")),
    ("qwen3_moe nf4-dq upcast", QWEN_MOE, qlora("nf4-dq", True)),
    ("qwen3_moe last layer dense bf16", DENSE_FIRST, {}),
    ("mixtral fp16", MIXTRAL, {"precision": {"weights": "fp16"}}),
    ("mixtral fp32", MIXTRAL, {"precision": {"weights": "fp32", "autocast": "bf16"}}),
    ("mixtral nf4", MIXTRAL, qlora("nf4")),
    ("gpt_oss bf16", GPT_OSS, {}),
    ("gpt_oss nf4", GPT_OSS, qlora("nf4")),
    ("qwen3_moe experts nf4-dq", QWEN_MOE, qlora("nf4-dq", False, True)),
    ("qwen3_moe experts nf4 upcast", QWEN_MOE, qlora("nf4", True, True)),
    ("mixtral experts nf4", MIXTRAL, qlora("nf4", False, True)),
    ("gpt_oss experts nf4", GPT_OSS, qlora("nf4", False, True)),
    ("gpt_oss experts nf4-dq", GPT_OSS, qlora("nf4-dq", False, True)),
]


class AtOnce:
    """Threads that are as fast as can be."""

    def __init__(self, max_workers):
        pass

    def submit(self, job):
        future = loading.Future()
        future.set_result(job())
        return future

    def shutdown(self, **_):
        pass


loading.ThreadPoolExecutor = AtOnce
# What it reserves ahead is given back before anything is read.
modeling.caching_allocator_warmup = lambda *_: None


def checkpoint_of(model_class, config):
    """A state dict as it is published, of tensors on the host, in bf16."""
    with torch.device("meta"):
        model = model_class(config).to(torch.bfloat16)
    model.tie_weights()
    state = loading.revert_weight_conversion(model, model.state_dict())
    tied = model.all_tied_weights_keys
    return {
        key: torch.empty(value.shape, dtype=value.dtype) for key, value in state.items() if key not in tied
    }


def quantization_of(scenario):
    from transformers import BitsAndBytesConfig

    format_ = get(scenario, "quantization.weights", "none")
    if format_ == "none":
        return {}
    if format_ == "int8":
        return {"quantization_config": BitsAndBytesConfig(load_in_8bit=True)}
    return {
        "quantization_config": BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=format_ == "nf4-dq",
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    }


def pack_experts(scheme):
    """Packs experts as soon as they are set, as Axolotl does (monkeypatch/moe_quant.py)."""
    from bitsandbytes.nn.parametrize import replace_parameter_4bit

    set_param = loading.set_param_for_module

    def packed(model, target, value, *arguments, **named):
        set_param(model, target, value, *arguments, **named)
        path, _, name = target.rpartition(".")
        if value.ndim >= 3 and "expert" in target:
            module = model.get_submodule(path)
            compress = scheme == "nf4-dq"
            replace_parameter_4bit(module, name, compress_statistics=compress, quant_type="nf4")
            value.data = torch.empty(0, device="cpu")

    loading.set_param_for_module = packed


def trace(case):
    name, config, change = case
    scenario = scenario_of(config, change, 1, 128)
    config = config_of(scenario)
    model_class = class_of(config)
    state = checkpoint_of(model_class, config)
    if get(scenario, "quantization.experts", False):
        pack_experts(scenario["quantization"]["weights"])
    gc.collect()
    start = DEVICE.live
    DEVICE.reset_peak()
    model = model_class.from_pretrained(
        None,
        config=config,
        state_dict=state,
        dtype=DTYPES[get(scenario, "precision.weights", "bf16")],
        device_map={"": 0},
        attn_implementation="eager",
        **quantization_of(scenario),
    )
    read = DEVICE.peak - start
    if get(scenario, "train.method", "full") != "full":
        model = adapt(model, scenario)
    gc.collect()
    bytes_ = {"read": read, "loading": DEVICE.peak - start, "load": DEVICE.live - start}
    return {"name": name, "scenario": scenario, "bytes": bytes_}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="tests/truth/loading.json")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    context = multiprocessing.get_context("fork")
    gc.collect()
    gc.freeze()
    with context.Pool(options.jobs, maxtasksperchild=1) as pool:
        records = pool.map(trace, CASES, chunksize=1)
    save(options.out, records)
    print(f"{options.out}: {len(records)} cases")


if __name__ == "__main__":
    main()
