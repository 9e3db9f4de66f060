"""A CUDA device without memory: builds and loads device.cpp, reads its record.

Import this module before torch: a build of PyTorch asks once, while it loads,
whether there is CUDA.
"""

import ctypes
import hashlib
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))

# Operators without a CUDA kernel of their own that end in one.
BESIDE = ["copy_"]
# Answered with values, not shapes, in device.cpp.
VALUED = {
    "_local_scalar_dense",
    "nonzero",
    "masked_select",
    "index.Tensor",
    "index_put_",
    "_index_put_impl_",
    "_unsafe_index.Tensor",
    "_fused_sdp_choice",
}


class Event(ctypes.Structure):
    _fields_ = [
        ("block", ctypes.c_int64),
        ("bytes", ctypes.c_int64),
        ("live", ctypes.c_int64),
        ("op", ctypes.c_int32),
        ("node", ctypes.c_int32),
        ("module", ctypes.c_int32),
        ("dtype", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.c_int64 * 6),
    ]


def package(name):
    """The folder of a package, without importing it."""
    return os.path.dirname(importlib.util.find_spec(name).origin)


def build():
    """Compiles device.cpp once per source and PyTorch; returns the library's path."""
    source = os.path.join(HERE, "device.cpp")
    with open(source, "rb") as file:
        key = hashlib.sha256(file.read() + importlib.metadata.version("torch").encode()).hexdigest()[:16]
    library = os.path.join(tempfile.gettempdir(), f"headroom-device-{key}.so")
    if not os.path.exists(library):
        root = package("torch")
        made = f"{library}.{os.getpid()}"
        subprocess.run(
            ["g++", "-O1", "-shared", "-fPIC", "-std=c++20", source, "-o", made]
            + [f"-I{root}/include", f"-I{root}/include/torch/csrc/api/include"]
            + [f"-L{root}/lib", "-ltorch_cpu", "-lc10", f"-Wl,-rpath,{root}/lib"],
            check=True,
        )
        os.rename(made, library)
    return library


def cuda_operators():
    """Every operator that has a CUDA kernel in a GPU build, by native_functions.yaml."""
    path = os.path.join(package("torchgen"), "packaged/ATen/native/native_functions.yaml")
    with open(path) as file:
        functions = yaml.load(file, Loader=yaml.CSafeLoader)
    on_cuda = set()
    delegates = {}
    for function in functions:
        name = function["func"].split("(")[0]
        if any("CUDA" in keys.split(", ") for keys in function.get("dispatch", {})):
            on_cuda.add(name)
        if "structured_delegate" in function:
            delegates[name] = function["structured_delegate"]
    return on_cuda | {name for name, out in delegates.items() if out in on_cuda}


class Device:
    """The device's record: what is live, the peak, each event."""

    def __init__(self):
        if "torch" in sys.modules:
            raise ImportError("tools/trace/device.py must be loaded before torch")
        self.library = ctypes.CDLL(build())
        for name in ("live", "peak", "count", "event_size"):
            getattr(self.library, f"trace_{name}").restype = ctypes.c_int64
        self.library.trace_events.restype = ctypes.POINTER(Event)
        self.library.trace_text.restype = ctypes.c_char_p
        assert self.library.trace_event_size() == ctypes.sizeof(Event)
        self.library.trace_start()
        for name in sorted((cuda_operators() | set(BESIDE)) - VALUED):
            self.library.trace_answer_by_meta(name.encode())
        _present_cuda()

    @property
    def live(self):
        return self.library.trace_live()

    @property
    def peak(self):
        return self.library.trace_peak()

    @property
    def count(self):
        return self.library.trace_count()

    def reset_peak(self):
        self.library.trace_reset_peak()

    def module(self, name):
        """Names the module whose forward runs from now on."""
        self.library.trace_module(name.encode())

    def values(self, scalar=0, nonzero_rows=-1):
        """What a read of a scalar gives, and how many rows nonzero() finds (-1: all)."""
        self.library.trace_values(ctypes.c_int64(scalar), ctypes.c_int64(nonzero_rows))

    def rows(self, elements, rows):
        """How many rows nonzero() finds in masks of so many elements."""
        self.library.trace_rows(ctypes.c_int64(elements), ctypes.c_int64(rows))

    def text(self, index):
        return self.library.trace_text(index).decode()

    def events(self, start=0, end=None):
        """The record from `start` up to `end`, as dictionaries."""
        record = self.library.trace_events()
        for i in range(start, self.count if end is None else end):
            e = record[i]
            if e.bytes < 0:
                yield {"free": e.block, "bytes": -e.bytes, "live": e.live}
            else:
                yield {
                    "alloc": e.block,
                    "bytes": e.bytes,
                    "live": e.live,
                    "op": self.text(e.op),
                    "node": self.text(e.node),
                    "module": self.text(e.module),
                    "dtype": self.text(e.dtype),
                    "shape": list(e.shape[: max(e.rank, 0)]),
                }


def _present_cuda():
    """Makes torch.cuda answer for the device, whose driver is not there."""
    import torch

    torch.cuda._lazy_init = lambda: None
    torch.cuda.is_available = lambda: True
    torch.cuda.device_count = lambda: 1
    torch.cuda.current_device = lambda: 0
    torch.cuda.is_current_stream_capturing = lambda: False
    torch.cuda.is_bf16_supported = lambda *_, **__: True
    torch.cuda.get_device_capability = lambda *_: (9, 0)
    torch.cuda.manual_seed_all = lambda *_: None
    torch.cuda.synchronize = lambda *_: None
    torch.cuda.empty_cache = lambda: None
    _copy_tensors(torch)


def _copy_tensors(torch):
    """A module's deep copy copies storages, which a build without CUDA refuses."""
    deepcopy = torch.Tensor.__deepcopy__

    def copied(tensor, memo):
        if tensor.device.type != "cuda" or not tensor.is_leaf:
            return deepcopy(tensor, memo)
        if id(tensor) not in memo:
            copy = tensor.detach().clone()
            memo[id(tensor)] = copy.requires_grad_(tensor.requires_grad)
        return memo[id(tensor)]

    torch.Tensor.__deepcopy__ = copied
