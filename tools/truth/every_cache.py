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
from cache_layers import in_runs, kept, read
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
        states = torch.empty((1, READ, width), dtype=model.dtype)
        name = "decoder_input_ids" if "decoder_input_ids" in parameters else "input_ids"
        given = {"encoder_outputs": Encoded(last_hidden_state=states), name: ids}
        if tweak.get("pair"):
            given["past_key_values"] = EncoderDecoderCache(DynamicCache(config=text), DynamicCache(config=text))
    else:
        given = {"input_ids": ids}
        if "past_key_values" in parameters and not tweak.get("own"):
            given["past_key_values"] = DynamicCache(config=config)
    for name, value in tweak.get("inputs", {}).items():
        given[name] = value() if callable(value) else value
    return given


def without_experts(model):
    """Experts say nothing of a cache, and which one a token takes is not known here."""
    for module in model.modules():
        if "Experts" in type(module).__name__:
            module.forward = types.MethodType(lambda self, x, *a, **k: torch.empty_like(x), module)


def runs(cls, config, tweak):
    device = tweak.get("device", "meta")
    with torch.device(device):
        model = cls._from_config(config, dtype=torch.bfloat16)
        model.eval()
        if device == "meta":
            without_experts(model)
        for name in tweak.get("inside", []):
            model = getattr(model, name)
        own = model.config
        if tweak.get("inside") and not tweak.get("own"):
            own = own.get_text_config(decoder=True)
        given = inputs(model, own, tweak)
        with torch.no_grad():
            out = model(**given, use_cache=True)
    if tweak.get("nothing"):
        return {"layers": []}
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
            if k not in UNSAID and not k.startswith("_") and (v is not None or k in VARIED)
        }
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return value


UNSAID = {
    "architectures", "attention_dropout", "dtype", "id2label", "initializer_range", "label2id", "transformers_version",
    "output_attentions", "output_hidden_states", "return_dict", "chunk_size_feed_forward", "problem_type",
    "rope_parameters", "torch_dtype", "vision_config", "audio_config", "vq_config", "qformer_config", "encoder_config",
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
                    if tweak.get("part"):
                        cls, own = getattr(transformers, tweak["class"]), getattr(config, tweak["part"])
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
