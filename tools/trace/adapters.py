"""PEFT's adapters on a Scenario's model."""

import gc

from runtime import torch

from classes import head_of
from fields import get

TASK_TYPES = {
    "SequenceClassification": "SEQ_CLS",
    "TokenClassification": "TOKEN_CLS",
    "QuestionAnswering": "QUESTION_ANS",
}


def task_type_of(config, targets):
    """The task type of a class; with the next two PEFT stops where targets take the head."""
    head = head_of(config)
    if targets == "all-linear" and head != "SequenceClassification":
        return None
    return TASK_TYPES.get(head)


def adapt(model, scenario):
    import peft

    quantized = get(scenario, "quantization.weights", "none") != "none"
    full = get(scenario, "train.checkpointing", "none") == "full"
    if quantized and get(scenario, "quantization.kbit_upcast", True):
        model = peft.prepare_model_for_kbit_training(
            model,
            use_gradient_checkpointing=full,
            gradient_checkpointing_kwargs={"use_reentrant": False},
        )
    lora = get(scenario, "train.lora", {})
    targets = lora.get("targets", "default")
    config = peft.LoraConfig(
        r=lora.get("rank", 16),
        lora_alpha=lora.get("alpha", 32),
        lora_dropout=lora.get("dropout", 0),
        target_modules=None if targets == "default" else targets,
        use_dora=lora.get("dora", False),
        modules_to_save=lora.get("modules_to_save") or None,
        target_parameters=lora.get("target_parameters") or None,
        task_type=task_type_of(model.config, targets),
    )
    adapters = lora.get("adapter_dtype", "fp32")
    with torch.device("cuda"):
        model = peft.get_peft_model(model, config, autocast_adapter_dtype=adapters == "fp32")
    gc.collect()
    return model
