"""Convolutions that the Meta device has no kernel of, as cuDNN's, without a workspace."""

import torch
import torch.nn.functional as F


class Convolution(torch.autograd.Function):
    """Saves its input and its weight, and makes its output alone."""

    @staticmethod
    def forward(ctx, x, weight, bias, size):
        ctx.save_for_backward(x, weight)
        return x.new_empty(size)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        needs_x, needs_weight, needs_bias, _ = ctx.needs_input_grad
        over = [d for d in range(grad.dim()) if d != 1]
        whole = torch.contiguous_format
        return (
            torch.empty_like(x, memory_format=whole) if needs_x else None,
            torch.empty_like(weight) if needs_weight else None,
            grad.sum(over) if needs_bias else None,
            None,
        )


def cast(*tensors):
    """What autocast hands to a convolution."""
    if not torch.is_autocast_enabled("cuda"):
        return tensors
    dtype = torch.get_autocast_dtype("cuda")
    return tuple(None if t is None else t.to(dtype) for t in tensors)


def each(value, count):
    return (value,) * count if isinstance(value, int) else tuple(value)


def sides(x, weight, stride, padding, dilation):
    return [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    ]


def present():
    """Takes the place of 3-D convolutions, and of 1-D ones by groups, on the device."""
    plain_3d, plain_1d = F.conv3d, F.conv1d

    def conv3d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        if not x.is_cuda or groups != 1:
            return plain_3d(x, weight, bias, stride, padding, dilation, groups)
        x, weight, bias = cast(x, weight, bias)
        made = sides(x, weight, each(stride, 3), each(padding, 3), each(dilation, 3))
        return Convolution.apply(x, weight, bias, [x.shape[0], weight.shape[0], *made])

    def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        steps = each(stride, 1) + each(dilation, 1)
        if not x.is_cuda or groups == 1 or steps != (1, 1):
            return plain_1d(x, weight, bias, stride, padding, dilation, groups)
        x, weight, bias = cast(x, weight, bias)
        made = sides(x, weight, (1,), each(padding, 1), (1,))
        whole = x.contiguous()
        return Convolution.apply(whole, weight, bias, [x.shape[0], weight.shape[0], *made])

    F.conv3d = torch.conv3d = conv3d
    F.conv1d = torch.conv1d = conv1d
