"""Weights of 4 bits, as transformers loads them."""

import gc

from runtime import BNB, torch

from fields import DTYPES, get


def quantize(model, scenario):
    """Replaces each Linear and Conv1D but the output head, as transformers loads 4-bit weights."""
    from transformers.pytorch_utils import Conv1D
    from transformers.quantizers.base import get_keys_to_not_convert

    scheme = scenario["quantization"]["weights"]
    if scheme not in ("nf4", "nf4-dq"):
        raise ValueError(f"quantization {scheme} is not traced")
    kept = {model.get_submodule(name) for name in modules_in(model, get_keys_to_not_convert(model))}
    compute = DTYPES[get(scenario, "precision.autocast") or get(scenario, "precision.weights", "bf16")]
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) not in (torch.nn.Linear, Conv1D) or child in kept:
                continue
            weight = child.weight.data.t() if type(child) is Conv1D else child.weight.data
            new = BNB.nn.Linear4bit(
                weight.shape[1],
                weight.shape[0],
                child.bias is not None,
                compute_dtype=compute,
                compress_statistics=scheme == "nf4-dq",
                quant_type="nf4",
                device="meta",
            )
            new.weight = BNB.nn.Params4bit(
                weight.contiguous(),
                requires_grad=False,
                compress_statistics=scheme == "nf4-dq",
                quant_type="nf4",
                module=new,
            )._quantize("cuda")
            if child.bias is not None:
                new.bias = child.bias
            setattr(parent, name, new)
            del child, weight
    if get(scenario, "quantization.experts", False):
        quantize_experts(model, scheme)
    model.is_loaded_in_4bit = True
    model.is_quantized = True
    model.config._is_quantized = True
    gc.collect()


def quantize_experts(model, scheme):
    """Packs the parameters of three dimensions, as Axolotl does while it loads."""
    from bitsandbytes.nn.parametrize import replace_parameter_4bit

    for path, module in list(model.named_modules()):
        for name, parameter in list(module.named_parameters(recurse=False)):
            if parameter.ndim >= 3 and "expert" in f"{path}.{name}":
                replace_parameter_4bit(
                    module, name, compress_statistics=scheme == "nf4-dq", quant_type="nf4"
                )


def modules_in(model, names):
    """Those of the names that are modules."""
    known = {name for name, _ in model.named_modules()}
    return [name for name in names if name in known]
