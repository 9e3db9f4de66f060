"""Saved tensors that wait on the host for the backward pass, as TRL's trainer has it."""

import contextlib
from unittest import mock

from runtime import torch

from fields import get


class _Stream:
    """A stream, and an event on it, of a device whose kernels are done at once."""

    def record_event(self):
        return self

    def wait_event(self, _):
        pass

    wait_stream = wait_event

    def synchronize(self):
        pass


def offloading(scenario, model):
    """What a step's forward and backward pass run in.

    `train.activation_offloading` says whether copies have a stream of their own. The
    package trl has to be installed; its release is the Scenario's `software.trl`.
    """
    how = get(scenario, "train.activation_offloading", "none")
    if how == "none":
        return contextlib.nullcontext()
    from trl.models import activation_offloading as trl

    torch.cuda.Stream = torch.cuda.default_stream = torch.cuda.current_stream = lambda: _Stream()
    torch.cuda.stream = lambda _: contextlib.nullcontext()
    torch.Tensor.record_stream = lambda *_: None
    torch.get_device_module = lambda *_: torch.cuda
    # What it asks for once: the device is the CUDA one, whatever the build knows.
    with mock.patch("torch.accelerator.current_accelerator", lambda: torch.device("cuda")):
        return trl.get_act_offloading_ctx_manager(
            model, use_pin_memory=False, use_streams=how == "streams", warn_if_no_head=False
        )
