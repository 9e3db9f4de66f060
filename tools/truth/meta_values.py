"""Values of tensors that have none: code that looks at one on the meta device sees 0."""

import torch

_KEPT = []


def answer_reads():
    library = torch.library.Library("aten", "IMPL")
    library.impl("_local_scalar_dense", _scalar, "Meta")
    library.impl("nonzero", _nowhere, "Meta")
    _KEPT.append(library)


def _scalar(tensor):
    if tensor.dtype == torch.bool:
        return False
    return 0.0 if tensor.dtype.is_floating_point else 0


def _nowhere(tensor):
    return torch.empty((0, tensor.dim()), dtype=torch.long, device="meta")
