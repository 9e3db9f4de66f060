"""Lets vLLM's Python be imported where neither a GPU nor its kernels are.

Import it before anything of vLLM's. Kernels' modules and ops are stubs that fail
when called; the platform says that it is an H100.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import types

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.update(HF_HUB_OFFLINE="1", VLLM_NO_USAGE_STATS="1", VLLM_PLUGINS="")

import torch
import torch._ops
import torch.library

KERNELS = [
    "vllm._C",
    "vllm._moe_C",
    "vllm._C_stable_libtorch",
    "vllm._moe_C_stable_libtorch",
    "vllm._flashmla_C",
    "vllm.cumem_allocator",
    "vllm.vllm_flash_attn._vllm_fa2_C",
    "vllm.vllm_flash_attn._vllm_fa3_C",
]
PACKAGES = {"torchvision", "xgrammar", "llguidance", "outlines_core", "lmformatenforcer"}
MEMORY = int(79.1 * 2**30)
SPACES = ("_C", "_moe", "_flash", "_vllm")

for name in KERNELS:
    sys.modules.setdefault(name, types.ModuleType(name))


class AnyName(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class Stub(types.ModuleType):
    __path__ = []
    __version__ = "0.28.0"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = AnyName(name, (), {"__class_getitem__": classmethod(lambda c, _: c)})
        setattr(self, name, made)
        return made


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in PACKAGES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return Stub(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(Finder())


class Op:
    def __init__(self, name):
        self.name = name

    def __call__(self, *_, **__):
        if "supports" in self.name:
            return True
        raise RuntimeError(f"op {self.name}")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self


own_op = torch._ops._OpNamespace.__getattr__
own_fake = torch.library.register_fake


def op_of(self, name):
    try:
        return own_op(self, name)
    except AttributeError:
        if name.startswith("__") or not self.name.startswith(SPACES):
            raise
        return Op(name)


def register_fake(op, func=None, **rest):
    if isinstance(op, str) and op.startswith(SPACES):
        return (lambda f: f) if func is None else func
    return own_fake(op, **rest) if func is None else own_fake(op, func, **rest)


torch._ops._OpNamespace.__getattr__ = op_of
torch.library.register_fake = register_fake


class Nothing:
    def __init__(self, *_, **__):
        pass

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


torch.cuda.Stream = torch.cuda.Event = torch.Stream = torch.Event = Nothing
torch.cuda.current_stream = lambda *_: Nothing()
torch.cuda.current_device = lambda: 0
torch.cuda.get_device_capability = lambda *_: (9, 0)
torch.cuda.get_device_properties = lambda *_: types.SimpleNamespace(
    multi_processor_count=132, major=9, minor=0, total_memory=MEMORY, name="H100",
    shared_memory_per_block_optin=232448, L2_cache_size=50 * 2**20,
)

import vllm.platforms
from vllm.platforms.cuda import NonNvmlCudaPlatform
from vllm.platforms.interface import DeviceCapability


class Platform(NonNvmlCudaPlatform):
    get_device_capability = classmethod(lambda c, device_id=0: DeviceCapability(9, 0))
    get_device_name = classmethod(lambda c, device_id=0: "NVIDIA H100 80GB HBM3")
    get_device_total_memory = classmethod(lambda c, device_id=0: MEMORY)
    device_count = classmethod(lambda c: 8)
    is_fully_connected = classmethod(lambda c, ids: True)
    num_compute_units = classmethod(lambda c, device_id=0: 132)
    set_device = classmethod(lambda c, d: None)
    current_device = classmethod(lambda c: 0)
    check_if_supports_dtype = classmethod(lambda c, d: None)
    log_warnings = classmethod(lambda c: None)


vllm.platforms._current_platform = vllm.platforms.current_platform = Platform()

from vllm.triton_utils import triton

triton.Config = lambda kw=None, *_, **k: types.SimpleNamespace(
    kwargs=kw or {}, num_stages=k.get("num_stages", 1), num_warps=k.get("num_warps", 4)
)
triton.cdiv = lambda a, b: -(-a // b)
triton.next_power_of_2 = lambda n: 1 << (n - 1).bit_length()
