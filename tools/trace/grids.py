"""Grids of patches stay on the host, whose numbers are known; what they give does not."""

import importlib

import torch

NATIVE = [
    "qwen2_vl",
    "qwen2_5_vl",
    "qwen2_5_omni_thinker",
    "qwen3_vl",
    "qwen3_vl_moe",
    "qwen3_omni_moe_thinker",
    "qwen3_5",
    "qwen3_5_moe",
    "glm4v",
    "glm4v_moe",
    "glm46v",
    "glm_ocr",
    "paddleocr_vl",
]
TILED = ["smolvlm", "idefics3"]
# With other attention than flash these are read to cut sequences up.
READ = ("seqlens", "window_index")

# Whether attention reads lengths off the host.
READS = [False]


def on_device(value):
    if isinstance(value, tuple):
        return tuple(map(on_device, value))
    return value.to("cuda") if isinstance(value, torch.Tensor) else value


def handing_on(function, name):
    """The function, whose tensors go to the device unless they are read."""

    def run(*arguments, **named):
        made = function(*arguments, **named)
        stays = READS[0] and any(part in name for part in READ)
        return made if stays else on_device(made)

    return run


def positions(self, input_ids=None, inputs_embeds=None, **_):
    return torch.zeros(3, *input_ids.shape, dtype=torch.long, device="cuda")


def modelling(kind):
    kind = kind.removesuffix("_thinker")
    try:
        return importlib.import_module(f"transformers.models.{kind}.modeling_{kind}")
    except ImportError:
        return None


def stay_on_host(device):
    """Presents this to every type that reads grids or masks of patches."""
    try:
        import transformers.vision_utils as helpers
    except ImportError:
        return  # a release before it had them
    names = [name for name in dir(helpers) if name.startswith("get_vision_")]
    for module in filter(None, map(modelling, NATIVE)):
        for name in names:
            if hasattr(module, name):
                setattr(module, name, handing_on(getattr(helpers, name), name))
        if hasattr(module, "get_max_seqlen"):
            module.get_max_seqlen = lambda *_, **__: 1024
        for kind in vars(module).values():
            if isinstance(kind, type) and hasattr(kind, "compute_3d_position_ids"):
                kind.compute_3d_position_ids = positions
    for module in filter(None, map(modelling, TILED)):
        module.create_bidirectional_mask = nothing_hidden(module.create_bidirectional_mask, device)


def nothing_hidden(make, device):
    """Whether a mask of patches hides any is read off the device; whole tiles hide none."""

    def whole(*arguments, **named):
        device.values(scalar=1)
        try:
            return make(*arguments, **named)
        finally:
            device.values()

    return whole
