"""Builds a Scenario's model."""

import re

from runtime import torch

from adapters import adapt
from classes import class_of, config_of
from converted import convert
from fields import DTYPES, get
from pieces import keep_in_fp32, train_pieces
from quantized import quantize
from tiles import tile

ATTENTION = {"flash": "flash_attention_2", "sdpa": "sdpa", "eager": "eager"}


def build(scenario):
    """The model of a Scenario on the device, with its adapters and quantisation."""
    config = config_of(scenario)
    weights = DTYPES[get(scenario, "precision.weights", "bf16")]
    attention = ATTENTION[get(scenario, "train.attention", "flash")]
    with torch.device("cuda"):
        model = class_of(config)._from_config(
            config, attn_implementation=attention, dtype=weights
        )
    model.tie_weights()
    keep_in_fp32(model, weights)
    if get(scenario, "quantization.weights", "none") != "none":
        quantize(model, scenario)
    model.train()
    model.config.use_cache = False
    model.config.get_text_config().use_cache = False
    train_pieces(model, get(scenario, "train.trainable", "all"))
    checkpoint = get(scenario, "train.checkpointing", "none")
    if get(scenario, "train.method", "full") != "full":
        model = adapt(model, scenario)
    elif get(scenario, "train.trainable_layers") or get(scenario, "train.trainable_parameters"):
        freeze(model, scenario)
    tile(model, scenario)
    convert(model, scenario)
    if checkpoint == "full":
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        reenters = get(scenario, "train.use_reentrant", False)
        base.activation_checkpointing_enable({"use_reentrant": reenters})
        if base is not model and not get(scenario, "quantization.kbit_upcast", False):
            base.enable_input_require_grads()
    return model


def freeze(model, scenario):
    """Leaves all but what `train.trainable_layers` and `train.trainable_parameters` say."""
    some = get(scenario, "train.trainable_layers")
    pattern = get(scenario, "train.trainable_parameters")
    depth = model.config.num_hidden_layers
    chosen = range(depth)[-some:] if some and some > 0 else range(-(some or 0))
    for name, parameter in model.named_parameters():
        layer = re.search(r"\.layers\.(\d+)\.", name)
        trains = pattern is None or re.fullmatch(pattern, name) is not None
        if some is not None:
            trains = trains and layer is not None and int(layer[1]) in chosen
        parameter.requires_grad_(trains)
