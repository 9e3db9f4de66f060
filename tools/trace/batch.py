"""A Scenario's batch, and the loss that a model has of it."""

from runtime import torch

from classes import head_of
from fields import DTYPES, get
from image_batch import images_of

# Types that sum a text up in its first token.
FIRST = {"distilbert", "modernbert", "bert", "roberta", "xlm-roberta", "electra", "t5"}


def inputs_of(model, scenario):
    batch = get(scenario, "train.micro_batch", 1)
    sequence = get(scenario, "train.sequence_length", 2048)
    config = model.config
    if config.model_type == "whisper":
        frames = 2 * config.max_source_positions
        features = torch.zeros(batch, config.num_mel_bins, frames, device="cuda")
        length = min(sequence, config.max_target_positions)
        labels = torch.zeros(batch, length, dtype=torch.long, device="cuda")
        return {"input_features": features.to(model.dtype), "labels": labels}
    ids = torch.zeros(batch, sequence, dtype=torch.long, device="cuda")
    targets = ids
    if get(scenario, "train.target_length"):
        length = get(scenario, "train.target_length")
        targets = torch.zeros(batch, length, dtype=torch.long, device="cuda")
    inputs = {"input_ids": ids} | labels_of(config, targets, scenario)
    if get(scenario, "train.padding_mask", False):
        inputs["attention_mask"] = torch.ones(batch, sequence, dtype=torch.long, device="cuda")
    if get(scenario, "train.images_per_sample", 0):
        inputs |= images_of(model, scenario)
    return inputs


def labels_of(config, ids, scenario):
    """What the loss of a model's class is taken against."""
    batch = ids.shape[0]
    each = torch.zeros(batch, dtype=torch.long, device="cuda")
    match head_of(config):
        case "QuestionAnswering":
            return {"start_positions": each, "end_positions": torch.zeros_like(each)}
        case "SequenceClassification":
            wide = get(scenario, "precision.autocast") is not None
            real = torch.float32 if wide else DTYPES[get(scenario, "precision.weights", "bf16")]
            if config.problem_type == "multi_label_classification":
                return {"labels": torch.zeros(batch, config.num_labels, dtype=real, device="cuda")}
            return {"labels": each.to(real) if config.num_labels == 1 else each}
        case "nothing":
            return {"labels": each}
    return {"labels": ids}


def loss_of(model, inputs):
    """The loss of a model's class; without a head, of what one token gives."""
    config = model.config
    if head_of(config) != "nothing":
        return model(**inputs).loss
    labels = inputs.pop("labels")
    outputs = model(**inputs)
    # Encoders sum a text up in its first token, or a pooler does; decoders in its last.
    pooled = getattr(outputs, "pooler_output", None)
    if pooled is None:
        token = 0 if config.model_type in FIRST else -1
        pooled = outputs.last_hidden_state[:, token]
    del outputs
    return torch.nn.functional.cross_entropy(pooled, labels)
