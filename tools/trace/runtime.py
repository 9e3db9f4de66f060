"""PyTorch and transformers as on a GPU, on the device without memory.

Import this module before torch, or torch from it.
"""

import importlib
import os
import warnings

from device import Device

DEVICE = Device()

import torch  # noqa: E402, F401

import convolutions  # noqa: E402
import gpu_packages  # noqa: E402
import meta_kernels  # noqa: E402
import state_space_packages  # noqa: E402

warnings.filterwarnings("ignore")
# Tokens are zeros: that none is an image's is nothing to stop at.
os.environ["TRANSFORMERS_DISABLE_TORCH_CHECK"] = "1"

import transformers  # noqa: E402

transformers.logging.set_verbosity_error()
gpu_packages.present_flash_attention()
BNB = gpu_packages.present_bitsandbytes()
if state_space_packages.present():
    state_space_packages.join()
# Kept: what a library registers ends with it.
META_KERNELS = meta_kernels.register()
convolutions.present()


def _sequences_are_whole():
    """A batch without position ids is never packed; the check reads the device."""
    import transformers.masking_utils as masks

    find = masks.find_packed_sequence_indices

    def whole(*arguments, **named):
        DEVICE.values(scalar=1)
        try:
            return find(*arguments, **named)
        finally:
            DEVICE.values(scalar=0)

    masks.find_packed_sequence_indices = whole


_sequences_are_whole()


def _own_masks_hide_nothing():
    """BART's decoder makes a mask of ones; whether all are is read off the device."""
    for name in ("bart", "blenderbot", "blenderbot_small", "marian", "mbart", "pegasus", "plbart"):
        module = importlib.import_module(f"transformers.models.{name}.modeling_{name}")
        make = module.create_causal_mask

        def whole(*arguments, make=make, **named):
            DEVICE.values(scalar=1)
            try:
                return make(*arguments, **named)
            finally:
                DEVICE.values(scalar=0)

        module.create_causal_mask = whole


_own_masks_hide_nothing()

import grids  # noqa: E402

grids.stay_on_host(DEVICE)
