"""Truth of what every type of transformers that writes token after token keeps.

Each generating class is built on the meta device from its config's own defaults and
from some whose sizes are changed at random, and reads a few tokens there: no weight
or cache takes memory, and every cache has its shape and its type.

    python tools/truth/every_cache.py [TYPE…]

Named types replace their own records alone. Needs Pillow beside torch and transformers.
"""

import inspect
import json
import random
import signal
import sys
import types

import torch
import transformers
from every_cache_types import SKIPPED, TWEAKS, VARIED
from meta_values import answer_reads
from transformers import AutoConfig
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.generation.utils import GenerationMixin
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.auto import modeling_auto

OUT = "tests/truth/every_cache.json"
MAPPINGS = [
    "CAUSAL_LM",
    "IMAGE_TEXT_TO_TEXT",
    "MULTIMODAL_LM",
    "SEQ_TO_SEQ_CAUSAL_LM",
    "SPEECH_SEQ_2_SEQ",
    "TEXT_TO_WAVEFORM",
    "TEXT_TO_SPECTROGRAM",
    "VISUAL_QUESTION_ANSWERING",
    "PRETRAINING",
]
TOKENS = 8
# What the encoder of a class with two halves has read.
READ = 5
VARIANTS = 2
SECONDS = 90


def classes():
    """Classes that generate, by types and names."""
    found = {}
    for mapping in MAPPINGS:
        for kind, names in getattr(modeling_auto, f"MODEL_FOR_{mapping}_MAPPING_NAMES").items():
            for name in names if isinstance(names, (tuple, list)) else [names]:
                cls = getattr(transformers, name, None)
                if isinstance(cls, type) and issubclass(cls, GenerationMixin):
                    found.setdefault(kind, {})[name] = cls
    return {k: v for k, v in sorted(found.items()) if k not in SKIPPED}


class Encoded(BaseModelOutput):
    """An encoder's output with what single models ask of it beside."""

    attention_mask = None
    router_logits = None
    router_probs = None


def inputs(model, config, tweak):
    parameters = inspect.signature(model.forward).parameters
    books = tweak.get("books")
    rows = (books, TOKENS) if tweak.get("flat") else (1, TOKENS, books) if books else (1, TOKENS)
    ids = torch.zeros(rows, dtype=torch.long)
    given = {}
    if config.is_encoder_decoder:
        text = config.get_text_config(decoder=True)
        width = tweak.get("read") or getattr(text, "d_model", None) or text.hidden_size
        states = torch.empty((1, READ, width), dtype=torch.bfloat16)
        name = "decoder_input_ids" if "decoder_input_ids" in parameters else "input_ids"
        given = {"encoder_outputs": Encoded(last_hidden_state=states), name: ids}
    else:
        given = {"input_ids": ids}
        if "past_key_values" in parameters and not tweak.get("own"):
            given["past_key_values"] = DynamicCache(config=config)
    for name, value in tweak.get("inputs", {}).items():
        given[name] = value() if callable(value) else value
    return given


def shape(tensor):
    """Of one sequence: heads and features, without the tokens between them."""
    return [tensor.shape[1], tensor.shape[3]] if tensor.dim() == 4 else list(tensor.shape[1:])


def type_of(tensor):
    return str(tensor.dtype).removeprefix("torch.")


def kept(layer):
    """What one layer's cache holds: shapes, and the types that are not the model's."""
    found = {"class": type(layer).__name__}
    others = {}
    keys, values = getattr(layer, "keys", None), getattr(layer, "values", None)
    if torch.is_tensor(keys) and keys.dim() > 1:
        found["keys"] = shape(keys)
        found["values"] = shape(values) if torch.is_tensor(values) and values.dim() > 1 else [0]
        others["keys"] = type_of(keys)
    window = getattr(layer, "sliding_window", None)
    if window is not None:
        found["window"] = window
    for name in ("conv_states", "recurrent_states"):
        states = getattr(layer, name, None)
        if states is None:
            continue
        each = states if isinstance(states, (list, tuple)) else states.values() if isinstance(states, dict) else [states]
        each = [s for s in each if s is not None]
        if each:
            found[name] = [list(s.shape[1:]) for s in each]
            others[name] = [type_of(s) for s in each]
    for name in ("indexer_keys", "idx_keys"):
        tensor = getattr(layer, name, None)
        if tensor is not None:
            found["indexer"] = tensor.shape[-1] * (tensor.shape[1] if tensor.dim() == 4 else 1)
    for name in ("buffer_kv", "buffer_gate", "compressed_kv", "overlap_kv", "overlap_gate"):
        parts = {k: t.shape[-1] for k, t in (getattr(layer, name, None) or {}).items() if t is not None}
        if parts:
            found[name] = parts
    if hasattr(layer, "compress_rate"):
        found["rate"] = layer.compress_rate
    unlike = {k: t for k, t in others.items() if t not in ("bfloat16", ["bfloat16"] * len(t))}
    return found | ({"types": unlike} if unlike else {})


def in_runs(layers):
    """Layers that are alike, one after the other, with how many they are."""
    found = []
    for layer in layers:
        if found and found[-1][1] == layer:
            found[-1][0] += 1
        else:
            found.append([1, layer])
    return found


def state_layers(states, names):
    """Layers of a cache that is no list of layers: its states by their names."""
    layers = []
    for tensors in states:
        unlike = [type_of(t) for t in tensors]
        found = {"class": names, "recurrent_states": [list(t.shape[1:]) for t in tensors]}
        if any(t != "bfloat16" for t in unlike):
            found["types"] = {"recurrent_states": unlike}
        layers.append(found)
    return layers


def read(out):
    """The layers of whatever cache an output has."""
    cache = next(
        (c for c in (getattr(out, n, None) for n in ("past_key_values", "cache_params", "state")) if c is not None),
        None,
    )
    if isinstance(cache, EncoderDecoderCache):
        return {
            "layers": in_runs(map(kept, cache.self_attention_cache.layers)),
            "cross": in_runs(map(kept, cache.cross_attention_cache.layers)),
        }
    if isinstance(cache, list):  # RWKV: a tensor for all layers, which are its last axis
        layers = state_layers(zip(*[t.unbind(-1) for t in cache]), "Rwkv")
    elif hasattr(cache, "rnn_state"):
        layers = state_layers(cache.rnn_state.values(), "xLSTM")
    elif hasattr(cache, "layers"):
        layers = [kept(x) for x in cache.layers]
        for at, state in enumerate(getattr(cache, "linear_cache", [])):
            if torch.is_tensor(state):
                layers[at:at + 1] = state_layers([[state]], "LinearAttentionLayer")
    else:
        raise ValueError(f"no cache in {type(out).__name__}")
    return {"layers": in_runs(layers)}


def without_experts(model):
    """Experts say nothing of a cache, and which one a token takes is not known here."""
    for module in model.modules():
        if "Experts" in type(module).__name__:
            module.forward = types.MethodType(lambda self, x, *a, **k: torch.empty_like(x), module)


def runs(cls, config, tweak):
    with torch.device("meta"):
        model = cls._from_config(config, dtype=torch.bfloat16)
        model.eval()
        without_experts(model)
        for name in tweak.get("inside", []):
            model = getattr(model, name)
        own = model.config
        if tweak.get("inside") and not tweak.get("own"):
            own = own.get_text_config(decoder=True)
        given = inputs(model, own, tweak)
        with torch.no_grad():
            out = model(**given, use_cache=True)
    if tweak.get("modules"):
        layers = [kept(x) for x in given["past_key_values"].layers]
        return {"layers": in_runs(tweak["modules"](model, layers))}
    return read(out)


def text_path(config):
    """Where the decoder's own config stands in the whole one."""
    text = config.get_text_config(decoder=True)

    def search(inner, path):
        if inner is text:
            return path
        for key, value in vars(inner).items():
            if isinstance(value, transformers.PreTrainedConfig):
                found = search(value, [*path, key])
                if found is not None:
                    return found
        return None

    return search(config, []) or []


def inner(config, path):
    for key in path:
        config = config[key]
    return config


def changed(fields, path, tweak, rng):
    """Sizes that decide caches, some of them made half or double."""
    fields = json.loads(json.dumps(fields))
    text = inner(fields, path)
    for key, value in list(text.items()):
        if key not in VARIED or isinstance(value, bool) or not isinstance(value, int) or value < 1:
            continue
        turn = rng.random()
        if "layers" in key:
            text[key] = tweak.get("depth") or rng.choice([3, 4, 6, 7, 9])
        elif turn < 0.35 and value % 2 == 0:
            text[key] = value // 2
        elif turn < 0.5:
            text[key] = value * 2
    return fields


def plain(value):
    """What JSON holds, without what says nothing of a decoder's cache."""
    if isinstance(value, dict):
        return {
            k: plain(v) for k, v in value.items()
            if k not in UNSAID and not k.startswith("_") and v is not None
        }
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return value


UNSAID = {
    "architectures", "attention_dropout", "dtype", "id2label", "initializer_range", "label2id", "transformers_version",
    "output_attentions", "output_hidden_states", "return_dict", "chunk_size_feed_forward", "problem_type",
    "rope_parameters", "per_layer_config", "torch_dtype",
}


def fields_of(config):
    return json.loads(json.dumps(config.to_dict(), default=lambda x: None))


def configs(kind, path_of, tweak, rng):
    """A type's default config, and some with other sizes."""
    base = AutoConfig.for_model(kind, **json.loads(json.dumps(tweak.get("config", {}))))
    yield base
    path = path_of(base)
    plain_fields = fields_of(base)
    for _ in range(VARIANTS * 6):
        given = changed(plain_fields, path, tweak, rng)
        text = inner(given, path)
        for key in tweak.get("follows", ["layer_types", "mlp_layer_types", "layers_block_type", "no_rope_layers", "rope_parameters", "per_layer_config", "head_dim" if rng.random() < 0.3 else ""]):
            text.pop(key, None)
        if "num_hidden_layers" not in given:
            given.pop("layer_types", None)
        given.pop("model_type", None)
        for key in list(given):
            if key in ("transformers_version", "dtype", "architectures", "_name_or_path"):
                given.pop(key)
        try:
            yield AutoConfig.for_model(kind, **given)
        except Exception:
            continue


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    torch.distributions.Distribution.set_default_validate_args(False)
    answer_reads()
    only = sys.argv[1:]
    records, failures = [], {}

    def late(*_):
        raise TimeoutError("too slow")

    signal.signal(signal.SIGALRM, late)
    for kind, named in classes().items():
        if only and kind not in only:
            continue
        rng = random.Random(kind)
        for name, cls in named.items():
            tweak = TWEAKS.get(kind, {}) | TWEAKS.get(name, {})
            done, tries = 0, 0
            try:
                for config in configs(kind, text_path, tweak, rng):
                    if done > VARIANTS:
                        break
                    tries += 1
                    own = config
                    if tweak.get("decoder"):
                        cls, own = getattr(transformers, tweak["decoder"]), config.get_text_config(decoder=True)
                    if name.endswith("ForCausalLM") and tweak.get("text"):
                        own = config.get_text_config(decoder=True)
                    try:
                        signal.alarm(SECONDS)
                        found = runs(cls, own, tweak)
                        path = text_path(config)
                        said = plain(fields_of(own if tweak.get("text") else config))
                        done += 1
                        records.append({"model_type": kind, "class": name, "config": said} | found)
                    except Exception as error:
                            failures.setdefault((kind, name), []).append(f"{tries} {type(error).__name__}: {error}"[:200])
                    finally:
                        signal.alarm(0)
            except Exception as error:
                failures.setdefault((kind, name), []).append(f"config: {error}"[:200])
            print(kind, name, done, "of", tries, failures.get((kind, name), [""])[0] if done < 3 else "", flush=True)
    if only:
        asked = {r["model_type"] for r in records}
        with open(OUT) as file:
            before = [r for r in json.load(file) if r["model_type"] not in asked]
        records = sorted(before + records, key=lambda r: r["model_type"])
    with open(OUT, "w") as file:
        file.write("[\n")
        file.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in records))
        file.write("\n]\n")
    print(f"{len(records)} caches of {len({r['model_type'] for r in records})} types, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
