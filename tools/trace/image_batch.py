"""The images of a Scenario's batch, as their processor hands them to the model."""

from runtime import DEVICE, torch

import grids
from fields import DTYPES, get
from processors import seen, video


def selected_by(model, scenario):
    """How many elements masked_scatter's backward selects of a batch; -1 without images."""
    per_sample = get(scenario, "train.images_per_sample", 0)
    if not per_sample:
        return -1
    tokens = one_of(scenario)["tokens"]
    images = get(scenario, "train.micro_batch", 1) * per_sample
    return images * tokens * model.config.get_text_config().hidden_size


def one_of(scenario):
    size = get(scenario, "train.image_size", [448, 448])
    frames = get(scenario, "train.video_frames", 0)
    config = scenario["model"]["config"]
    return video(config, size, frames) if frames else seen(config, size)


def images_of(model, scenario):
    """Pixels, in fp32 as processors make them, and what a type wants beside them."""
    config = scenario["model"]["config"]
    batch = get(scenario, "train.micro_batch", 1)
    per_sample = get(scenario, "train.images_per_sample")
    tokens = batch * get(scenario, "train.sequence_length", 2048)
    images = batch * per_sample
    one = one_of(scenario)
    grids.READS[0] = get(scenario, "train.attention", "flash") != "flash"
    DEVICE.rows(tokens, images * one["tokens"])
    make = MAKERS.get(config["model_type"], tiles)
    return make(Batch(scenario, model, one, batch, per_sample))


class Batch:
    """What is asked for a batch of images."""

    def __init__(self, scenario, model, one, samples, per_sample):
        self.scenario = scenario
        self.hidden = model.config.get_text_config().hidden_size
        self.shapes, self.values, self.tokens = one["shapes"], one["values"], one["tokens"]
        self.samples, self.per_sample = samples, per_sample
        self.images = samples * per_sample
        self.length = get(scenario, "train.sequence_length", 2048)

    def pixels(self, *shape, dtype=torch.float32):
        return torch.zeros(*shape, dtype=dtype, device="cuda")

    def numbers(self, *shape, dtype=torch.long):
        return torch.zeros(*shape, dtype=dtype, device="cuda")

    def repeated(self, name):
        """A small tensor of each image, which is read and so on the host."""
        return torch.tensor(self.values[name] * self.images)


def tiles(b):
    count, *rest = b.shapes["pixel_values"]
    return {"pixel_values": b.pixels(b.images * count, *rest)}


def native(b):
    patches, *width = b.shapes["pixel_values"]
    pixels, grid = "pixel_values", "image_grid_thw"
    if get(b.scenario, "train.video_frames", 0):
        pixels, grid = "pixel_values_videos", "video_grid_thw"
    given = {
        pixels: b.pixels(b.images * patches, *width),
        grid: b.repeated("image_grid_thw"),
    }
    if b.scenario["model"]["config"]["model_type"].endswith("_thinker"):
        return given
    return given | {"mm_token_type_ids": b.numbers(b.samples, b.length, dtype=torch.int)}


def gemma3(b):
    return tiles(b) | {"token_type_ids": b.numbers(b.samples, b.length)}


def gemma4(b):
    _, patches, width = b.shapes["pixel_values"]
    found = b.images * b.tokens
    DEVICE.rows(b.images * (patches // 9), found)
    DEVICE.rows(b.samples * b.length * b.hidden, found * b.hidden)
    return {
        "pixel_values": b.pixels(b.images, patches, width),
        "image_position_ids": b.numbers(b.images, patches, 2),
        "mm_token_type_ids": b.numbers(b.samples, b.length),
    }


def mistral3(b):
    return {
        "pixel_values": b.pixels(b.images, *b.shapes["pixel_values"][1:]),
        "image_sizes": b.repeated("image_sizes"),
    }


def lfm2_vl(b):
    count, patches, width = b.shapes["pixel_values"]
    DEVICE.rows(b.images * count * 256, b.images * b.tokens)
    mask = torch.ones(b.images * count, patches, dtype=torch.int, device="cuda")
    return {
        "pixel_values": b.pixels(b.images * count, patches, width),
        "pixel_attention_mask": mask,
        "spatial_shapes": b.repeated("spatial_shapes"),
    }


def llama4(b):
    """Its tower casts nothing, so that the caller hands the weights' type on."""
    count, *rest = b.shapes["pixel_values"]
    own = DTYPES[get(b.scenario, "precision.weights", "bf16")]
    dtype = torch.float32 if get(b.scenario, "precision.autocast") else own
    return {"pixel_values": b.pixels(b.images * count, *rest, dtype=dtype)}


def idefics3(b):
    _, count, channels, height, width = b.shapes["pixel_values"]
    all_tiles = b.per_sample * count
    DEVICE.rows(b.samples * all_tiles, b.samples * all_tiles)
    mask = torch.ones(b.samples, all_tiles, height, width, dtype=torch.long, device="cuda")
    return {
        "pixel_values": b.pixels(b.samples, all_tiles, channels, height, width),
        "pixel_attention_mask": mask,
    }


def llava_next(b):
    size = get(b.scenario, "train.image_size", [448, 448])
    return {
        "pixel_values": b.pixels(b.images, *b.shapes["pixel_values"][1:]),
        "image_sizes": torch.tensor([list(size)] * b.images),
    }


def llava_onevision(b):
    return llava_next(b) | {"batch_num_images": torch.tensor([1] * b.images)}


def mllama(b):
    ones = lambda *shape: torch.ones(*shape, dtype=torch.long, device="cuda")
    return {
        "pixel_values": b.pixels(b.samples, b.per_sample, *b.shapes["pixel_values"][2:]),
        "aspect_ratio_ids": ones(b.samples, b.per_sample),
        "aspect_ratio_mask": ones(b.samples, b.per_sample, 4),
        "cross_attention_mask": ones(b.samples, b.length, b.per_sample, 4),
    }


MAKERS = dict.fromkeys(grids.NATIVE, native) | {
    "gemma3": gemma3,
    "gemma4": gemma4,
    "mistral3": mistral3,
    "lighton_ocr": mistral3,
    "paligemma": gemma3,
    "llama4": llama4,
    "idefics3": idefics3,
    "lfm2_vl": lfm2_vl,
    "smolvlm": idefics3,
    "llava_next": llava_next,
    "llava_onevision": llava_onevision,
    "mllama": mllama,
}
