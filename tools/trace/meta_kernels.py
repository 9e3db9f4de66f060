"""Kernels of PyTorch's Meta device that it lacks, as CUDA's behave."""

import torch


def _convolutions_have_shapes():
    """Convolutions without cuDNN have no Meta kernel; the shapes are cuDNN's."""
    library = torch.library.Library("aten", "IMPL", "Meta")

    def forward(x, weight, kernel, bias, stride, padding):
        sizes = [
            (size + 2 * pad - width) // step + 1
            for size, pad, width, step in zip(x.shape[2:], padding, kernel, stride)
        ]
        return x.new_empty([x.shape[0], weight.shape[0], *sizes])

    def backward(grad, x, weight, kernel, stride, padding, mask):
        like = [x, weight, weight[:, 0, 0, 0]]
        return tuple(
            torch.empty(t.shape, dtype=t.dtype, device=t.device) if wanted else None
            for t, wanted in zip(like, mask)
        )

    library.impl("_slow_conv2d_forward", forward)
    library.impl("_slow_conv2d_backward.output_mask", backward)
    return library


def _fused_steps_are_in_place():
    """These kernels have no Meta kernel; they write what they are given."""
    library = torch.library.Library("aten", "IMPL", "Meta")
    library.impl("_fused_sgd_", lambda *_, **__: None)
    library.impl("_fused_adagrad_", lambda *_, **__: None)
    return library


def _grouped_products_have_shapes():
    """PyTorch's own takes bf16 alone; CUDA multiplies all else group by group."""
    library = torch.library.Library("aten", "IMPL", "Meta")

    def grouped(a, b, offs=None, bias=None, out_dtype=None):
        rows = [offs.shape[0], a.shape[0]] if a.dim() == b.dim() == 2 else list(a.shape[:-1])
        if a.dim() == 3 and b.dim() == 2:
            rows = [a.shape[1]]
        dtype = out_dtype or a.dtype
        width = 16 // dtype.itemsize
        columns = -(-b.shape[-1] // width) * width
        strides = [columns, 1] if len(rows) == 1 else [rows[1] * columns, columns, 1]
        return torch.empty_strided([*rows, b.shape[-1]], strides, dtype=dtype, device=a.device)

    library.impl("_grouped_mm", grouped, allow_override=True)
    return library


def register():
    """Registers them; they last as long as what is returned."""
    return [
        _convolutions_have_shapes(),
        _fused_steps_are_in_place(),
        _grouped_products_have_shapes(),
    ]
