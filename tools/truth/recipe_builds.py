"""Builds models on the meta device from configs whose numbers are traced."""

import dataclasses
import json
import re
import sys
import time

import torch
import transformers
from every_cache_types import TWEAKS
from traced_sizes import Real, Whole, remember_sizes, whole
from transformers import AutoConfig, PreTrainedConfig
from transformers.pytorch_utils import Conv1D

remember_sizes()

# Weights that nobody reads need no values.
for _module in (torch.nn.Linear, torch.nn.Embedding, torch.nn.LayerNorm, torch.nn.modules.conv._ConvNd):
    _module.reset_parameters = lambda self: None

NOISE = re.compile(
    r"^(output_(?:hidden_states|attentions|\w*logits\w*|past|scores)|return_dict|use_cache|chunk_size_feed_forward|transformers_version|dtype|architectures|id2label|"
    r"label2id|problem_type|initializer\w*|\w*dropout\w*|attn_implementation|\w*_eps|\w+_token_id|\w*_token_index|_\w+|"
    r"torch_dtype|gradient_checkpointing|is_encoder_decoder|num_labels|layerdrop|\w+_act|forced_\w+|norm_topk_prob|"
    r"\w*loss\w*|\w*rope\w*|\w*cache_implementation)$"
)
DEPTHS = re.compile(r"layer|depth|block|stage|expert|codebook|level|num_code|window|first_k|interval|step|pattern|freq")
DEEP = re.compile(r"(layers?|depth|blocks)$")
SIZES = re.compile(r"token|position|length|seconds|context|vocab")
SHALLOW = 6
TIES = "tie_word_embeddings"
# Types whose own defaults build no model.
NEEDED = {
    "diffusion_gemma": {"text_config": {"num_experts": 8, "top_k_experts": 2, "moe_intermediate_size": 704}},
    "gemma4_assistant": {"text_config": {"hidden_size_per_layer_input": 0, "vocab_size_per_layer_input": 0}},
    "granite4_vision": {"deepstack_layer_map": [[-19, 9], [-13, 6], [-7, 3], [-1, 0]]},
    "perception_lm": {"vision_config": {
        "architecture": "vit_pe_core_large_patch14_336",
        "model_args": {
            "embed_dim": 1024, "img_size": [448, 448], "depth": 23, "global_pool": "", "init_values": 0.1,
            "ref_feat_shape": [32, 32], "use_post_transformer_norm": False,
        },
    }},
    "qwen3_omni_moe": {"talker_config": {"text_config": {"shared_expert_intermediate_size": 768}}},
    "esm": {"vocab_size": 33, "pad_token_id": 1, "mask_token_id": 32},
}


def fields_of(config):
    return [f for f in dataclasses.fields(config) if not NOISE.match(f.name)]


def held(config, name):
    """A field's value, also where layers may have their own."""
    return object.__getattribute__(config, "__dict__").get(name)


def leaves(config, path=""):
    """Paths and values of a config's fields, those of inner configs included."""
    for field in fields_of(config):
        value = held(config, field.name)
        at = path + field.name
        if isinstance(value, PreTrainedConfig):
            yield from leaves(value, at + ".")
        else:
            yield at, value, field


def traced(at, value):
    if isinstance(value, bool) or value is None or isinstance(value, (str, dict)):
        return value
    if isinstance(value, int):
        return Whole(value, at)
    if isinstance(value, float):
        return Real(value, at)
    if isinstance(value, (list, tuple)):
        return [Whole(v, f"{at}.{i}") if isinstance(v, int) and not isinstance(v, bool) else v for i, v in enumerate(value)]
    return value


def own_paths(config, path=""):
    """Makes each field's value its own formula; returns what it was computed of."""
    formulas = {}
    values = object.__getattribute__(config, "__dict__")
    for field in fields_of(config):
        at, value = path + field.name, values.get(field.name)
        if isinstance(value, PreTrainedConfig):
            formulas |= own_paths(value, at + ".")
        elif field.name in values:
            formula = getattr(value, "formula", None)
            if formula is not None and formula != at:
                formulas[at] = formula
            values[field.name] = traced(at, value)
    return formulas


def plain(value):
    if isinstance(value, PreTrainedConfig):
        return plain(value.to_dict())
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if not isinstance(v, torch.dtype)}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        number = float.__float__(value)
        return number if abs(number) < 1e300 else None
    return None


UNSAID = {
    "id2label", "label2id", "dtype", "_name_or_path", "transformers_version", "output_hidden_states", "return_dict",
    "output_attentions", "problem_type", "chunk_size_feed_forward", "architectures", "rope_parameters",
    "initializer_range", "attention_dropout", "use_cache",
}


def plain_config(config):
    def without(value):
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in UNSAID and not str(k).startswith("_")}
        return [without(v) for v in value] if isinstance(value, list) else value

    return without(plain(config))


def put(tree, path, value):
    *sections, last = path.split(".")
    for name in sections:
        tree = tree.setdefault(name, {})
    tree[last] = value


def get(tree, path):
    for name in path.split("."):
        if isinstance(tree, dict):
            tree = tree.get(name)
        elif isinstance(tree, list) and name.isdigit() and int(name) < len(tree):
            tree = tree[int(name)]
        else:
            return None
    return tree


class Builder:
    """Configs and models of one class."""

    def __init__(self, kind, cls, more=None):
        self.kind, self.cls = kind, cls
        self.begun = time.time()
        self.needed = TWEAKS.get(kind, {}).get("config", {}) | NEEDED.get(kind, {}) | (more or {})
        self.default = self.configured({})
        self.values = {at: value for at, value, _ in leaves(self.default)}
        self.fields = {at: field for at, _, field in leaves(self.default)}
        # Every config may say this, though few classes name it.
        self.values.setdefault(TIES, True)
        self.fields.setdefault(TIES, dataclasses.field(default=True))
        self.types = {}
        self._types(self.default, "")
        self.stated = set()
        self.shallow = {
            at: SHALLOW for at, v in self.values.items()
            if isinstance(v, int) and not isinstance(v, bool) and DEEP.search(at) and v > SHALLOW
        }
        self._state()
        try:
            self.sample(self.shallow)
        except Exception:
            self.shallow = {}

    def configured(self, tree):
        whole = json.loads(json.dumps(self.needed))

        def over(under, given):
            for key, value in given.items():
                if isinstance(value, dict) and isinstance(under.get(key), dict):
                    over(under[key], value)
                else:
                    under[key] = value

        over(whole, tree)
        return AutoConfig.for_model(self.kind, **whole)

    def seconds(self):
        return time.time() - self.begun

    def _state(self):
        """Numbers that are not what the class computes are stated as the default is."""
        made = {at: value for at, value, _ in leaves(self.config({}))}
        for at, value in self.values.items():
            if plain(made.get(at)) != plain(value):
                self.stated.add(at)

    def _types(self, config, path):
        for field in dataclasses.fields(config):
            value = held(config, field.name)
            if isinstance(value, PreTrainedConfig):
                self.types[path + field.name] = value.model_type
                self._types(value, path + field.name + ".")

    def config(self, changes=None, isTraced=True):
        """A config with some fields changed, its other numbers traced."""
        changes = changes or {}
        deep = {v for at, v in self.values.items() if at in self.shallow or at in changes if isinstance(v, int)}
        tree = {}
        for at, kind in self.types.items():
            put(tree, at + ".model_type", kind)
        for at, value in self.values.items():
            isDerived = self.fields[at].default is None or (
                isinstance(self.fields[at].default, dataclasses._MISSING_TYPE) and value is None)
            if at in changes:
                value = changes[at]
            elif isDerived and at not in self.stated or value is None:
                continue
            elif isinstance(value, (list, tuple)) and len(value) in deep and len(value) > 2:
                continue
            put(tree, at, traced(at, value) if isTraced else plain(value))
        return self.configured(tree)

    def build(self, config):
        for name, module in list(sys.modules.items()):
            if name.startswith("transformers.models.") and module is not None:
                module.__dict__.setdefault("int", whole)
        with torch.device("meta"):
            return self.cls._from_config(config) if hasattr(self.cls, "_from_config") else self.cls(config)

    def sample(self, changes=None):
        """Every tensor: its name, shape, formulas, kind, and where stacks are in its name."""
        config = self.config({**self.shallow, **(changes or {})})
        formulas = own_paths(config)
        model = self.build(config)
        config.formulas_of_fields = formulas
        found, lists = [], {}
        modules = dict(model.named_modules())
        for path, module in modules.items():
            if isinstance(module, torch.nn.ModuleList):
                lists[path] = len(module)
        seen = set()
        for name, tensor in model.named_parameters(remove_duplicate=False):
            if id(tensor) in seen:
                continue
            seen.add(id(tensor))
            owner = modules[name.rpartition(".")[0]]
            shape = tuple(int.__int__(s) for s in tensor.shape)
            sizes = getattr(tensor, "sizes", None) or list(shape)
            if len(sizes) != len(shape):
                sizes = list(shape)
            found.append((name, shape, sizes, kind_of(owner)))
        return config, found, lists

    def tensors(self, config):
        """Names with N for every number, and shapes."""
        with torch.device("meta"):
            model = self.cls._from_config(config) if hasattr(self.cls, "_from_config") else self.cls(config)
        seen, found = set(), []
        for name, tensor in model.named_parameters(remove_duplicate=False):
            if id(tensor) not in seen:
                seen.add(id(tensor))
                found.append((re.sub(r"\.\d+(?=\.|$)", ".N", name), tuple(tensor.shape)))
        return found

    def variants(self, rng, count):
        """The default config, and some with other numbers and switches."""
        yield self.configured({})
        for _ in range(count):
            changes = {}
            for at, value in self.values.items():
                turn = rng.random()
                if isinstance(value, bool):
                    if turn < 0.25:
                        changes[at] = not value
                elif isinstance(value, int) and value > 1 and not SIZES.search(at):
                    if DEEP.search(at):
                        changes[at] = rng.choice([3, 4, 5, 7, 8])
                    elif turn < 0.12 and value % 2 == 0:
                        changes[at] = value // 2
                    elif turn < 0.2:
                        changes[at] = value * 2
                elif isinstance(value, int) and value > 1 and turn < 0.3:
                    changes[at] = value + 8
            try:
                yield self.config(changes, isTraced=False)
            except Exception:
                continue


def kind_of(module):
    if isinstance(module, Conv1D):
        return "conv1d"
    if isinstance(module, torch.nn.Linear):
        return "linear"
    if isinstance(module, torch.nn.modules.conv._ConvNd):
        return "conv"
    if isinstance(module, torch.nn.Embedding):
        return "embedding"
    return "norm" if "Norm" in type(module).__name__ else "parameter"
