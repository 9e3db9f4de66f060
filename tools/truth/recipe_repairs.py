"""What no sample tells of a type, read off its code."""

import re


def repaired_zamba(recipe):
    """One block stands in every hybrid layer, and is counted in the first of them.

    Without ties, which share it too, each has its own.

    transformers models/zamba/modeling_zamba.py, configuration_zamba.py
    """
    rows = []
    for row in recipe["tensors"]:
        if ".shared_transf." in row[0] and row[4] != [["tie_word_embeddings", False]]:
            each = [*row[:3], ["in", "layers_block_type", ["hybrid"]], [["tie_word_embeddings", False]]]
            if each not in rows:
                rows.append(each)
            row = [*row[:3], ["first", "layers_block_type", ["hybrid"]], [["tie_word_embeddings", True]]]
        if row not in rows:
            rows.append(row)
    recipe["tensors"] = rows
    recipe["derived"]["mamba_dt_rank"] = ["ceil", ["/", "hidden_size", 16]]
    whole = {"drop": [], "add": [], "stacks": {}}
    score = ["score.weight", ["num_labels", "hidden_size"], "linear", None, []]
    recipe["classes"] = {
        "ZambaForSequenceClassification": {"from": "model.", "to": "model.", **whole, "add": [score]},
        "ZambaModel": {"from": "model.", "to": "", **whole},
    }


def repaired_bros(recipe):
    """The widths of boxes, which a config may state, and which are worked out where it does not.

    transformers models/bros/configuration_bros.py
    """
    for row in recipe["tensors"]:
        if row[0].endswith("bbox_embeddings.bbox_projection.weight"):
            row[1] = ["dim_bbox_projection", "dim_bbox_sinusoid_emb_2d"]
    recipe["derived"] |= {
        "dim_bbox_projection": ["//", "hidden_size", "num_attention_heads"],
        "dim_bbox_sinusoid_emb_2d": ["//", "hidden_size", 4],
    }


def repaired_seamless(recipe):
    """Of adapters behind the speech encoder, layers were told apart in no sample of the body."""
    recipe["classes"]["SeamlessM4TModel"]["partly"] = True


def repaired_hrm(recipe):
    """A config without a number of layers for each stack has it in that of all.

    transformers models/hrm_text/configuration_hrm_text.py
    """
    recipe["derived"]["num_layers_per_stack"] = "num_hidden_layers"
    recipe["defaults"]["num_hidden_layers"] = 16


def repaired_dory(recipe):
    """Lists that name MLPs beside attentions have two entries for a layer, others one: attentions count.

    transformers models/dory/configuration_dory.py
    """
    rows = []
    for name, sizes, kind, rule, conditions in recipe["tensors"]:
        if ".layers." in name:
            name = re.sub(r"\.layers\.\d+\.", ".layers.N.", name)
            rule = ["in", "layer_types", ["full_attention", "sliding_attention"]]
            conditions = [c for c in conditions if c[0] != "num_hidden_layers"]
        row = [name, sizes, kind, rule, conditions]
        if row not in rows:
            rows.append(row)
    recipe["tensors"] = rows
    recipe["stacks"] = {"model.layers": "num_hidden_layers"}
    usual = ["full_attention" if i % 4 == 3 else "sliding_attention" for i in range(36)]
    recipe["defaults"] |= {"layer_types": usual, "num_hidden_layers": 36}
    recipe["classes"]["DoryModel"] = {"from": "model.", "to": "", "drop": [], "add": [], "stacks": {}}


def repaired_udop(recipe):
    """A decoder of which a config says nothing is as deep as the encoder.

    transformers models/udop/configuration_udop.py
    """
    recipe["derived"]["num_decoder_layers"] = "num_layers"


REPAIRS = {
    "bros": repaired_bros, "dory": repaired_dory, "hrm_text": repaired_hrm, "seamless_m4t": repaired_seamless, "udop": repaired_udop,
    "zamba": repaired_zamba,
}
SURE = {"dory", "zamba"}
HEAD = ".vision_use_head"


def repaired(kind, each):
    """Applies them; a recipe that is repaired is held to its classes by perturbed.py's configs."""
    recipe = each["recipe"]
    if kind in REPAIRS:
        REPAIRS[kind](recipe)
    if kind in SURE:
        each["wrong"] = []
        recipe.pop("partly", None)
    # SigLIP pools by a head where a config inside another says nothing of it, though the
    # composite's own has none: models/siglip/modeling_siglip.py.
    silent = {path: True for path in recipe["defaults"] if path.endswith(HEAD)}
    recipe["inside"] = recipe.get("inside", {}) | silent
