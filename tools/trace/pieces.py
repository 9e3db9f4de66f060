"""Which parameters of a model train, and which lie in fp32 whatever the rest does."""

import re

from runtime import torch

# In the order in which they are asked: the first that a name bears.
PIECES = [
    ("lm_head", r"lm_head"),
    ("embeddings", r"^(?!.*(vision|visual)).*embed_tokens"),
    ("projector", r"projector|vision_projection|connector|\.merger(_list)?\.|downsample|deepstack_merger|embed_vision|image_newline"),
    ("vision_tower", r"visual|vision"),
    ("language_model", r""),
]


def train_pieces(model, pieces):
    """Freezes what is none of the pieces; "all" freezes nothing."""
    if pieces == "all":
        return
    for name, parameter in model.named_parameters():
        own = next(piece for piece, pattern in PIECES if re.search(pattern, name))
        parameter.requires_grad_(own in pieces)


def keep_in_fp32(model, weights):
    """Modules that from_pretrained leaves in fp32; some where weights are fp16 alone."""
    lists = ["_keep_in_fp32_modules_strict"]
    if weights == torch.float16:
        lists.append("_keep_in_fp32_modules")
    names = {
        name
        for module in model.modules()
        for each in lists
        for name in getattr(module, each, None) or ()
    }
    if not names or weights == torch.float32:
        return
    pattern = re.compile("|".join(rf"(^|\.){re.escape(name)}($|\.)" for name in names))
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if pattern.search(name) and tensor.is_floating_point():
            tensor.data = tensor.data.to(torch.float32)
