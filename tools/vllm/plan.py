"""Answers the cases of tests/truth/serving/vllm_code.json with vLLM's own code.

PYTHONPATH=tools/vllm:VLLM python tools/vllm/plan.py [PATTERN], where VLLM is the
folder that a wheel of vLLM 0.33.0 is unpacked in. Says what differs.
"""

import json
import re
import sys
import tempfile
import types

import without_gpu
import torch
import vllm.distributed.parallel_state as state
import vllm.model_executor.models.registry as registry
import vllm.v1.worker.worker_base as worker
from vllm.config import set_current_vllm_config
from vllm.engine.arg_utils import EngineArgs
from vllm.model_executor.layers.attention_layer_base import AttentionLayerBase
from vllm.model_executor.model_loader.utils import initialize_model
from vllm.usage.usage_lib import UsageContext
from vllm.utils.torch_utils import set_default_torch_dtype
from vllm.v1.attention.backends.utils import (
    get_supported_kv_cache_layouts,
    resolve_kv_cache_layout,
)
from vllm.v1.core.kv_cache_planning import (
    get_global_kv_cache_groups,
    get_kv_cache_configs,
)
from vllm.v1.core.kv_cache_utils import get_max_concurrency_for_kv_cache_config

TRUTH = "tests/truth/serving/vllm_code.json"
registry._run_in_subprocess = lambda inspect: inspect()


def group(size):
    return types.SimpleNamespace(
        world_size=size, rank=0, rank_in_group=0, local_rank=0, ranks=[*range(size)],
        first_rank=0, last_rank=size - 1, is_first_rank=True, is_last_rank=size == 1,
        device=torch.device("meta"), cpu_group=None, unique_name="",
        device_group=types.SimpleNamespace(size=lambda: size, rank=lambda: 0),
        device_communicator=None, use_device_communicator=False, mq_broadcaster=None,
    )


def answer(scenario):
    serve, tp = scenario["serve"], scenario.get("parallel", {}).get("tp", 1)
    state._TP = state._WORLD = group(tp)
    for name in ("_PP", "_DP", "_EP", "_DCP", "_PCP", "_EPLB"):
        setattr(state, name, group(1))
    folder = tempfile.mkdtemp()
    with open(f"{folder}/config.json", "w") as file:
        json.dump({"torch_dtype": "bfloat16", **scenario["model"]["config"]}, file)
    without_gpu.Platform.device_type = "cuda"
    config = EngineArgs(
        model=folder, tokenizer=folder, skip_tokenizer_init=True, load_format="dummy",
        tensor_parallel_size=tp, max_model_len=serve.get("max_model_len"),
        disable_hybrid_kv_cache_manager=serve.get("hybrid_kv_cache") is False or None,
    ).create_engine_config(UsageContext.OPENAI_API_SERVER)
    without_gpu.Platform.device_type = "meta"
    config.device_config.device = torch.device("meta")
    with set_current_vllm_config(config):
        with set_default_torch_dtype(config.model_config.dtype), torch.device("meta"):
            model = initialize_model(config)
        without_gpu.Platform.update_block_size_for_backend(config)
        specs = {}
        for name, layer in config.compilation_config.static_forward_context.items():
            if isinstance(layer, AttentionLayerBase):
                spec = layer.get_kv_cache_spec(config)
                if spec is not None:
                    specs[name] = spec
        layouts = get_supported_kv_cache_layouts(worker.get_current_attn_backends(config))
        layout = resolve_kv_cache_layout(
            config, [[each.name for each in layouts]], [*specs.values()]
        )
        worker.record_kv_cache_layout(config.cache_config, layout.name)
        groups = get_global_kv_cache_groups(config, [specs])
        [cache] = get_kv_cache_configs(config, [specs], [serve["kv_cache_bytes"]], groups)
        concurrency = get_max_concurrency_for_kv_cache_config(config, cache)
    return {
        "weights_bytes": sum(p.numel() * p.element_size() for p in model.parameters()),
        "kv_tokens": int(concurrency * config.model_config.max_model_len),
        "num_gpu_blocks": cache.num_blocks,
        "block_size": config.cache_config.block_size,
    }


if __name__ == "__main__":
    pattern = re.compile(sys.argv[1] if len(sys.argv) > 1 else "")
    with open(TRUTH) as file:
        cases = json.load(file)["cases"]
    for case in cases:
        if pattern.search(case["id"]):
            found = answer(case["scenario"])
            print(case["id"], "as it was" if found == case["expect"] else found)
