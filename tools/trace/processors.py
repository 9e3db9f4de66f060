"""What the processor of a type makes of one image, by its own code."""

import functools
import importlib
import json
import math

import numpy as np

QWEN = {
    "qwen2_vl": (14, 3136, 12_845_056),
    "qwen3_vl": (16, 65_536, 16_777_216),
    "glm4v": (14, 12_544, 9_633_792),
    "paddleocr_vl": (14, 147_456, 2_359_296),
}
KIN = {
    "qwen2_5_vl": "qwen2_vl",
    "qwen2_5_omni_thinker": "qwen2_vl",
    "qwen3_vl_moe": "qwen3_vl",
    "qwen3_omni_moe_thinker": "qwen3_vl",
    "qwen3_5": "qwen3_vl",
    "qwen3_5_moe": "qwen3_vl",
    "glm4v_moe": "glm4v",
    "glm46v": "glm4v",
    "glm_ocr": "glm4v",
}
# A batch of lists of images, where a processor takes one.
LISTED = {"idefics3", "smolvlm", "mllama"}
NAMED = {
    "mistral3": {"patch_size": {"height": 28, "width": 28}},
    "lighton_ocr": {"patch_size": {"height": 28, "width": 28}},
    "idefics3": {"return_row_col_info": True},
    "smolvlm": {"return_row_col_info": True},
}
SQUARE = {"llava": 336, "gemma3": 896, "paligemma": 224}
LLAVA_NEXT = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
ONEVISION = [[384 * i, 384 * j] for i in range(1, 7) for j in range(1, 7)]


def seen(config, size):
    """Shapes of the tensors, small values, and tokens that one image becomes."""
    return _seen(json.dumps(config, sort_keys=True), tuple(size))


@functools.cache
def _seen(text, size):
    config = json.loads(text)
    kind = config["model_type"]
    if kind in SQUARE:
        return square(config)
    if kind == "llama4":
        return llama4(*size)
    if kind == "cohere2_vision":
        return cohere2(config, size)
    if kind == "lfm2_vl":
        return lfm2_vl(*size)
    from PIL import Image

    image = Image.fromarray(np.zeros((*size, 3), dtype=np.uint8))
    processor = processor_of(config)
    named = NAMED.get(kind, {})
    made = processor([[image]] if kind in LISTED else [image], return_tensors="pt", **named)
    tokens, others = tokens_of(config, size, made, processor)
    return {
        "shapes": {k: list(v.shape) for k, v in made.items() if hasattr(v, "shape")},
        "values": {
            k: v.tolist()
            for k, v in made.items()
            if hasattr(v, "numel") and v.numel() <= 64 and k != "pixel_values"
        },
        "tokens": tokens,
        "others": others,
    }


def frames_of(config, frames):
    """A video whose every frame is a tile: InternVL's and SmolVLM's."""
    vision = config["vision_config"]
    if config["model_type"] == "internvl":
        shape, tokens, others = [frames, 3, 448, 448], 256, 6 * frames
    else:
        side = vision["image_size"]
        shape = [1, frames, 3, side, side]
        tokens = (side // vision["patch_size"] // config["scale_factor"]) ** 2
        others = 26 + 12 * frames
    return {
        "shapes": {"pixel_values": shape},
        "values": {},
        "tokens": tokens * frames,
        "others": others,
    }


def video(config, size, frames):
    """A video of Qwen's or GLM-4V's: each two frames are patches as of an image."""
    kind = KIN.get(config["model_type"], config["model_type"])
    if kind in ("internvl", "smolvlm", "idefics3"):
        return frames_of(config, frames)
    # Qwen2-VL's frames are resized one by one, as images.
    module = {
        "qwen3_vl": "video_processing_qwen3_vl",
        "glm4v": "image_processing_pil_glm4v",
    }.get(kind, "image_processing_pil_qwen2_vl")
    path = f"transformers.models.{kind}.{module}"
    resize = importlib.import_module(path).smart_resize
    if kind == "qwen3_vl":
        limits = {"min_pixels": 4096, "max_pixels": 25_165_824}
        height, width = resize(frames, *size, temporal_factor=2, factor=32, **limits)
    elif kind == "glm4v":
        limits = {"min_pixels": 12_544, "max_pixels": 47_040_000}
        height, width = resize(frames, *size, temporal_factor=2, factor=28, **limits)
    else:
        limits = {"min_pixels": 128 * 28**2, "max_pixels": 768 * 28**2}
        height, width = resize(*size, factor=28, **limits)
    patch = config["vision_config"].get("patch_size", 16 if kind == "qwen3_vl" else 14)
    grid = [-(-frames // 2), height // patch, width // patch]
    return {
        "shapes": {"pixel_values": [math.prod(grid), 2 * 3 * patch**2]},
        "values": {"image_grid_thw": [grid]},
        "tokens": math.prod(grid) // 4,
        "others": {"qwen2_vl": 2, "glm4v": 2 + 4 * grid[0]}.get(kind, 9 * grid[0]),
    }


def square(config):
    kind = config["model_type"]
    vision = config["vision_config"]
    side = vision.get("image_size", SQUARE[kind])
    patches = (side // vision.get("patch_size", 14)) ** 2
    tokens = 256 if kind == "gemma3" else patches
    shapes = {"pixel_values": [1, 3, side, side]}
    others = 2 if kind == "gemma3" else 0
    return {"shapes": shapes, "values": {}, "tokens": tokens, "others": others}


def fitted(height, width, tile, limit):
    """The grid that an image fits in: get_best_fit, get_optimal_tiled_canvas."""
    canvases = [
        (rows * tile, count // rows * tile)
        for count in range(limit, 0, -1)
        for rows in range(1, count + 1)
        if count % rows == 0
    ]
    scales = [(min(h / height, w / width), h, w) for h, w in canvases]
    up = [scale for scale in scales if scale[0] >= 1]
    best = min(up)[0] if up else max(scales)[0]
    fitting = [(h, w) for scale, h, w in scales if scale == best]
    h, w = min(fitting, key=lambda sides: sides[0] * sides[1])
    return h // tile, w // tile


def lfm2_vl(height, width, side=32, tile=512):
    """Source: image_processing_lfm2_vl.py, which torchvision alone runs."""
    h, w = (max(side, round(n / side) * side) for n in (height, width))
    large = h * w > 256 * side**2 * 2
    if h * w > 256 * side**2:
        beta = math.sqrt(height * width / (256 * side**2))
        h, w = (max(side, math.floor(n / beta / side) * side) for n in (height, width))
    elif h * w < 64 * side**2:
        beta = math.sqrt(64 * side**2 / (height * width))
        h, w = (math.ceil(n * beta / side) * side for n in (height, width))
    whole = h * w // side**2
    grid = (0, 0)
    if large:
        ratios = sorted(
            {(c, r) for c in range(1, 11) for r in range(1, 11) if 2 <= c * r <= 10},
            key=lambda x: x[0] * x[1],
        )
        best = math.inf
        for c, r in ratios:
            distance = abs(width / height - c / r)
            tie = distance == best and height * width > 0.5 * tile**2 * c * r
            if distance < best or tie:
                grid, best = (c, r), min(distance, best)
    tiles = grid[0] * grid[1]
    shapes = [[tile // 16] * 2] * tiles + [[h // 16, w // 16]]
    return {
        "shapes": {"pixel_values": [tiles + 1, 1024, 768]},
        "values": {"spatial_shapes": shapes},
        "tokens": 256 * tiles + whole,
        "others": 2 + (tiles + 1 if tiles else 0),
    }


def cohere2(config, size):
    """Source: image_processing_cohere2_vision.py, which torchvision alone runs."""
    vision = config["vision_config"]
    tile = vision["image_size"]
    rows, columns = fitted(*size, tile, 12)
    tiles = rows * columns + (rows * columns > 1)
    tokens = (tile // vision["patch_size"] // 2) ** 2 * tiles
    shapes = {"pixel_values": [tiles, 3, tile, tile]}
    return {"shapes": shapes, "values": {}, "tokens": tokens, "others": 2 + tiles}


def llama4(height, width, tile=336, limit=16):
    """Source: image_processing_llama4.py, get_best_fit without resize_to_max_canvas."""
    rows, columns = fitted(height, width, tile, limit)
    count = rows * columns
    tiles = count + (count > 1)
    return {
        "shapes": {"pixel_values": [tiles, 3, tile, tile]},
        "values": {"aspect_ratios": [[rows, columns]]},
        "tokens": 144 * tiles,
        "others": 3 + (count if count > 1 else 0),
    }


def processor_of(config):
    kind = KIN.get(config["model_type"], config["model_type"])
    side = config.get("vision_config", {}).get("image_size")
    if kind in QWEN:
        patch, least, most = QWEN[kind]
        if kind == "paddleocr_vl":
            return made("paddleocr_vl", "PaddleOCRVL", size=size_of(least, most))
        name = ("glm4v", "Glm4v") if kind == "glm4v" else ("qwen2_vl", "Qwen2VL")
        size = size_of(least, most)
        return made(*name, patch_size=patch, merge_size=2, temporal_patch_size=2, size=size)
    if kind == "gemma4":
        return made("gemma4", "Gemma4")
    if kind in ("mistral3", "lighton_ocr"):
        return made("pixtral", "Pixtral", patch_size=14, size={"longest_edge": 1540})
    if kind in ("internvl", "aya_vision"):
        side = 448 if kind == "internvl" else side
        size = {"height": side, "width": side}
        tiles = {"crop_to_patches": True, "min_patches": 1, "max_patches": 12}
        return made("got_ocr2", "GotOcr2", size=size, **tiles)
    if kind in ("idefics3", "smolvlm"):
        side = side or {"idefics3": 364, "smolvlm": 384}[kind]
        sizes = {"size": {"longest_edge": 4 * side}, "max_image_size": {"longest_edge": side}}
        return made(kind, {"idefics3": "Idefics3", "smolvlm": "SmolVLM"}[kind], **sizes)
    if kind == "llava_next":
        crop = {"height": 336, "width": 336}
        pins = {"image_grid_pinpoints": LLAVA_NEXT}
        return made(kind, "LlavaNext", size={"shortest_edge": 336}, crop_size=crop, **pins)
    if kind == "llava_onevision":
        size = {"height": 384, "width": 384}
        return made(kind, "LlavaOnevision", size=size, image_grid_pinpoints=ONEVISION)
    if kind == "mllama":
        return made(kind, "Mllama", size={"height": 560, "width": 560}, max_image_tiles=4)
    raise ValueError(f"images of type {kind} are not traced")


def size_of(least, most):
    return {"shortest_edge": least, "longest_edge": most}


def made(module, name, **settings):
    path = f"transformers.models.{module}.image_processing_pil_{module}"
    return getattr(importlib.import_module(path), f"{name}ImageProcessorPil")(**settings)


def tokens_of(config, size, out, processor):
    """Placeholders of an image, and tokens that the processor adds beside them."""
    kind = KIN.get(config["model_type"], config["model_type"])
    if kind in QWEN:
        return math.prod(int(n) for n in out["image_grid_thw"][0]) // 4, 2
    if kind == "gemma4":
        return int(out["num_soft_tokens_per_image"][0]), 2
    if kind in ("mistral3", "lighton_ocr"):
        rows, columns = (int(n) // 28 for n in out["image_sizes"][0])
        return rows * columns, rows if kind == "mistral3" else 0
    if kind == "internvl":
        return 256 * out["pixel_values"].shape[0], 2
    if kind == "aya_vision":
        tiles = out["pixel_values"].shape[0]
        return (processor.size["height"] // 14 // 2) ** 2 * tiles, 2 + tiles
    if kind in ("idefics3", "smolvlm"):
        vision = config["vision_config"]
        side = processor.max_image_size["longest_edge"]
        each = (side // vision.get("patch_size", 14) // config["scale_factor"]) ** 2
        tiles = out["pixel_values"].shape[1]
        rows = int(out["rows"][0][0])
        return each * tiles, 3 if tiles == 1 else 2 * tiles + rows + 2
    if kind == "mllama":
        return 0, 1
    return tiled(kind, size, processor), 0


def tiled(kind, size, image_processor):
    """LLaVA's count, by its processor's own code, which wants no tokenizer for it."""
    name = {"llava_next": "LlavaNext", "llava_onevision": "LlavaOnevision"}[kind]
    path = f"transformers.models.{kind}.processing_{kind}"
    processor = object.__new__(getattr(importlib.import_module(path), f"{name}Processor"))
    processor.image_processor = image_processor
    processor.patch_size = 14
    if kind == "llava_next":
        processor.num_additional_image_tokens = 1
        return processor._get_number_of_features(*size, 336, 336) - 1
    processor.num_additional_image_tokens = 0
    processor.vision_aspect_ratio = "anyres_max_9"
    processor.num_image_tokens = 729
    processor.vision_feature_select_strategy = "full"
    return processor._get_number_of_features(*size, 384, 384)
