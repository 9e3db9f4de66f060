"""What the caches of transformers hold, layer by layer, after a forward."""

import torch
from transformers.cache_utils import EncoderDecoderCache


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
    if hasattr(layer, "prefill_keys"):
        found["whole prompt"] = True
        keys, values = layer.prefill_keys, layer.prefill_values
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
            others["indexer"] = type_of(tensor)
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
