"""Prints what inductor's kernels hand on to each other, from the code it generates.

    python tools/trace/compiled.py adam8bit | adam4bit | loss

Nothing is compiled and no GPU is needed: the graph is lowered for a CUDA device
that has no memory, and the generated wrapper's buffers are listed with their bytes
for each element. Needs triton and torchao beside the other packages; what is read
off depends on PyTorch's release.
"""

import re
import sys
import types

import device

DEVICE = device.Device()

import torch  # noqa: E402
import torch._inductor.config as config  # noqa: E402
import torch._inductor.scheduler as scheduler  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import torch.utils._triton as triton_utils  # noqa: E402
from torch._dynamo.device_interface import CudaInterface  # noqa: E402
from torch._functorch.aot_autograd import aot_function, make_boxed_func  # noqa: E402
from torch._functorch.partitioners import min_cut_rematerialization_partition  # noqa: E402
from torch._guards import detect_fake_mode  # noqa: E402
from torch._inductor import compile_fx  # noqa: E402
from torch._inductor.debug import DebugContext  # noqa: E402
from torch._inductor.decomposition import select_decomp_table  # noqa: E402
from torch._inductor.graph import GraphLowering  # noqa: E402
from torch._inductor.virtualized import V  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402

# An A100, as far as inductor asks.
A100 = types.SimpleNamespace(
    name="A100",
    major=8,
    minor=0,
    multi_processor_count=108,
    max_threads_per_multi_processor=2048,
    regs_per_multiprocessor=65536,
    warp_size=32,
    total_memory=80 << 30,
    L2_cache_size=40 << 20,
    gcnArchName="",
    shared_memory_per_block=49152,
    shared_memory_per_block_optin=166912,
)
BYTES = {"float32": 4, "bfloat16": 2, "int64": 8, "int32": 4, "uint8": 1}


def present_gpu():
    """Makes inductor believe in the A100 and in Triton's driver."""
    for interface in (CudaInterface, CudaInterface.Worker):
        interface.get_device_properties = staticmethod(lambda _=None: A100)
        interface.current_device = staticmethod(lambda: 0)
    CudaInterface.get_compute_capability = staticmethod(lambda _=None: 80)
    # Nothing is run: no state of random numbers is kept.
    torch.cuda.is_available = lambda: False
    torch.cuda.get_device_properties = lambda _=None: A100
    torch.cuda.get_device_capability = lambda _=None: (8, 0)
    for module in (triton_utils, scheduler):
        module.has_triton = lambda *_, **__: True
    triton_utils.triton_hash_with_backend = lambda *_: ""
    config.compile_threads = 1


def generated(function, arguments):
    """The code of a function's graphs: inference, or forward and backward."""
    codes = []

    def compiler(name):
        def lower(graph, examples):
            mode = detect_fake_mode(examples)
            with V.set_fake_mode(mode):
                compile_fx._recursive_post_grad_passes(graph, is_inference=name == "step")
                lowering = GraphLowering(
                    graph, example_inputs=examples, is_inference=name == "step", is_backward=name == "backward"
                )
                with V.set_graph_handler(lowering), V.set_debug_handler(DebugContext()):
                    lowering.run(*examples)
                    codes.append((name, lowering.codegen()[0].value))
            return make_boxed_func(graph.forward)

        return lower

    def partition(graph, inputs, **settings):
        compile_fx._recursive_joint_graph_passes(graph)
        return min_cut_rematerialization_partition(graph, inputs, compiler="inductor", **settings)

    result = aot_function(
        function,
        fw_compiler=compiler("forward"),
        bw_compiler=compiler("backward"),
        inference_compiler=compiler("step"),
        partition_fn=partition,
        decompositions=select_decomp_table(),
        keep_inference_input_mutations=True,
    )(*arguments)
    if result is not None and result.requires_grad:
        result.backward()
    return codes


def show(codes, elements):
    for name, code in codes:
        print(f"## {name}")
        body = code[code.index("def call(") :]
        for line in body.splitlines():
            line = line.strip()
            made = re.match(r"(buf\d+) = empty_strided_cuda\(\(([^)]*)\), .*torch\.(\w+)\)", line)
            if made:
                count = 1
                for side in made[2].split(","):
                    count *= int(side) if side.strip() else 1
                print(f"+ {made[1]} {count * BYTES[made[3]] / elements:.5f} B an element, {made[3]}")
            elif re.match(r"del buf\d+$", line):
                print(f"- {line[4:]}")
            elif ".run(" in line:
                print(f"  {line.split('.run(')[0]}")
            elif line.startswith("return"):
                break


def adam(bits, rows=128_256, columns=3072):
    from torchao.optim.adam import single_param_adam
    from torchao.optim.subclass_4bit import OptimState4bit
    from torchao.optim.subclass_8bit import OptimState8bit

    weight = torch.empty(rows, columns, dtype=torch.bfloat16, device="cuda")
    elements = weight.numel()
    codes = (rows, columns) if bits == 8 else (elements // 2,)

    def state(signed):
        parts = [
            torch.empty(codes, dtype=torch.uint8, device="cuda"),
            torch.empty(elements // (256 if bits == 8 else 128), device="cuda"),
            torch.empty(256 if bits == 8 else 16, device="cuda"),
        ]
        if bits == 8:
            return OptimState8bit(*parts, signed)
        return OptimState4bit(*parts, signed, (rows, columns))

    def step(p, grad, count, first, second, lr):
        single_param_adam(p, grad, count, first, second, None, lr, 0.9, 0.999, 0.01, 1e-8, True, False)

    scalars = torch.empty(()), torch.empty(())
    given = weight, torch.empty_like(weight), scalars[0], state(True), state(False), scalars[1]
    with torch.no_grad():
        show(generated(step, given), elements)


def loss(rows=1024, words=128_256):
    logits = torch.empty(rows, words, dtype=torch.bfloat16, device="cuda", requires_grad=True)
    labels = torch.empty(rows, dtype=torch.int64, device="cuda")

    def cross_entropy(logits, labels):
        return F.cross_entropy(logits.float(), labels, ignore_index=-100, reduction="sum")

    show(generated(cross_entropy, (logits, labels)), logits.numel())


if __name__ == "__main__":
    present_gpu()
    with FakeTensorMode():
        what = sys.argv[1]
        loss() if what == "loss" else adam({"adam8bit": 8, "adam4bit": 4}[what])
