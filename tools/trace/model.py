"""Builds a Scenario's model."""

from runtime import torch

from adapters import adapt
from classes import class_of, config_of
from fields import DTYPES, get
from pieces import keep_in_fp32, train_pieces
from quantized import quantize

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
    if checkpoint == "full":
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        base.activation_checkpointing_enable({"use_reentrant": False})
        if base is not model and not get(scenario, "quantization.kbit_upcast", False):
            base.enable_input_require_grads()
    return model
