"""One training step of a Scenario, run on the device without memory."""

import contextlib
import gc
import sys
import warnings

from device import Device

DEVICE = Device()

import torch  # noqa: E402

import gpu_packages  # noqa: E402
import state_space_packages  # noqa: E402

warnings.filterwarnings("ignore")

import transformers  # noqa: E402
from transformers.models.auto.configuration_auto import CONFIG_MAPPING  # noqa: E402

transformers.logging.set_verbosity_error()
gpu_packages.present_flash_attention()
BNB = gpu_packages.present_bitsandbytes()
if state_space_packages.present():
    state_space_packages.join()



def _sequences_are_whole():
    """A batch without position ids is never packed; the check reads the device."""
    import transformers.masking_utils as masks

    find = masks.find_packed_sequence_indices

    def whole(*arguments, **named):
        DEVICE.values(scalar=1)
        try:
            return find(*arguments, **named)
        finally:
            DEVICE.values(scalar=0)

    masks.find_packed_sequence_indices = whole


_sequences_are_whole()


def _own_masks_hide_nothing():
    """BART's decoder makes a mask of ones; whether all are is read off the device."""
    from transformers.models.bart import modeling_bart
    from transformers.models.mbart import modeling_mbart
    from transformers.models.pegasus import modeling_pegasus

    for module in (modeling_bart, modeling_mbart, modeling_pegasus):
        make = module.create_causal_mask

        def whole(*arguments, make=make, **named):
            DEVICE.values(scalar=1)
            try:
                return make(*arguments, **named)
            finally:
                DEVICE.values(scalar=0)

        module.create_causal_mask = whole


_own_masks_hide_nothing()


def _convolutions_have_shapes():
    """Convolutions without cuDNN have no Meta kernel; the shapes are cuDNN's."""
    library = torch.library.Library("aten", "IMPL", "Meta")

    def forward(x, weight, kernel, bias, stride, padding):
        sizes = [
            (size + 2 * pad - width) // step + 1
            for size, pad, width, step in zip(x.shape[2:], padding, kernel, stride)
        ]
        return x.new_empty([x.shape[0], weight.shape[0], *sizes])

    def backward(grad, x, weight, kernel, stride, padding, mask):
        like = [x, weight, weight[:, 0, 0, 0]]
        return tuple(
            torch.empty(t.shape, dtype=t.dtype, device=t.device) if wanted else None
            for t, wanted in zip(like, mask)
        )

    library.impl("_slow_conv2d_forward", forward)
    library.impl("_slow_conv2d_backward.output_mask", backward)
    return library


CONVOLUTIONS = _convolutions_have_shapes()


def _fused_steps_are_in_place():
    """These kernels have no Meta kernel; they write what they are given."""
    library = torch.library.Library("aten", "IMPL", "Meta")
    library.impl("_fused_sgd_", lambda *_, **__: None)
    library.impl("_fused_adagrad_", lambda *_, **__: None)
    return library


FUSED_STEPS = _fused_steps_are_in_place()

def _grouped_products_have_shapes():
    """The Meta kernel of a grouped product takes bf16 alone; CUDA multiplies group by group what else there is."""
    library = torch.library.Library("aten", "IMPL", "Meta")

    def grouped(a, b, offs=None, bias=None, out_dtype=None):
        rows = [offs.shape[0], a.shape[0]] if a.dim() == b.dim() == 2 else list(a.shape[:-1])
        if a.dim() == 3 and b.dim() == 2:
            rows = [a.shape[1]]
        dtype = out_dtype or a.dtype
        width = 16 // dtype.itemsize
        columns = -(-b.shape[-1] // width) * width
        strides = [columns, 1] if len(rows) == 1 else [rows[1] * columns, columns, 1]
        return torch.empty_strided([*rows, b.shape[-1]], strides, dtype=dtype, device=a.device)

    library.impl("_grouped_mm", grouped, allow_override=True)
    return library


GROUPED = _grouped_products_have_shapes()

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
ATTENTION = {"flash": "flash_attention_2", "sdpa": "sdpa", "eager": "eager"}


def get(scenario, path, default=None):
    """The value at a dotted path of a Scenario, or the default."""
    for key in path.split("."):
        if not isinstance(scenario, dict) or key not in scenario:
            return default
        scenario = scenario[key]
    return default if scenario is None else scenario


# ------------------------------------------------------------------- the model


def config_of(scenario):
    fields = dict(scenario["model"]["config"])
    return CONFIG_MAPPING[fields.pop("model_type")](**fields)


def class_of(config):
    """The class that a config names, or the one with the loss that its type is trained with."""
    if config.architectures:
        return getattr(transformers, config.architectures[0])
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING,
        MODEL_FOR_MASKED_LM_MAPPING,
        MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    )

    if config.is_encoder_decoder:
        order = [MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING]
    elif type(config) in MODEL_FOR_MASKED_LM_MAPPING and not getattr(config, "is_decoder", False):
        order = [MODEL_FOR_MASKED_LM_MAPPING, MODEL_FOR_CAUSAL_LM_MAPPING]
    else:
        order = [MODEL_FOR_CAUSAL_LM_MAPPING]
    for mapping in order:
        if type(config) in mapping:
            return mapping[type(config)]
    raise ValueError(f"{config.model_type} has no language-modelling head")


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
    if get(scenario, "quantization.weights", "none") != "none":
        quantize(model, scenario)
    model.train()
    model.config.use_cache = False
    checkpoint = get(scenario, "train.checkpointing", "none")
    if get(scenario, "train.method", "full") != "full":
        model = adapt(model, scenario)
    if checkpoint == "full":
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        base.activation_checkpointing_enable({"use_reentrant": False})
        if base is not model and not get(scenario, "quantization.kbit_upcast", False):
            base.enable_input_require_grads()
    return model


def quantize(model, scenario):
    """Replaces each Linear and Conv1D but the output head, as transformers loads 4-bit weights."""
    from transformers.pytorch_utils import Conv1D
    from transformers.quantizers.base import get_keys_to_not_convert

    scheme = scenario["quantization"]["weights"]
    if scheme not in ("nf4", "nf4-dq"):
        raise ValueError(f"quantization {scheme} is not traced")
    kept = {model.get_submodule(name) for name in modules_in(model, get_keys_to_not_convert(model))}
    compute = DTYPES[get(scenario, "precision.autocast") or get(scenario, "precision.weights", "bf16")]
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) not in (torch.nn.Linear, Conv1D) or child in kept:
                continue
            weight = child.weight.data.t() if type(child) is Conv1D else child.weight.data
            new = BNB.nn.Linear4bit(
                weight.shape[1],
                weight.shape[0],
                child.bias is not None,
                compute_dtype=compute,
                compress_statistics=scheme == "nf4-dq",
                quant_type="nf4",
                device="meta",
            )
            new.weight = BNB.nn.Params4bit(
                weight.contiguous(),
                requires_grad=False,
                compress_statistics=scheme == "nf4-dq",
                quant_type="nf4",
                module=new,
            )._quantize("cuda")
            if child.bias is not None:
                new.bias = child.bias
            setattr(parent, name, new)
            del child, weight
    model.is_loaded_in_4bit = True
    model.is_quantized = True
    model.config._is_quantized = True
    gc.collect()


def modules_in(model, names):
    """Those of the names that are modules."""
    known = {name for name, _ in model.named_modules()}
    return [name for name in names if name in known]


def head_of(config):
    """What the config's class tells of: "" where that is words, or nothing."""
    (name,) = config.architectures or [""]
    heads = ("SequenceClassification", "TokenClassification", "QuestionAnswering")
    for head in heads:
        if name.endswith(f"For{head}"):
            return head
    return "nothing" if name.endswith("Model") and "LMHead" not in name else ""


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


# --------------------------------------------------------------- the optimizer


def optimizer_of(scenario, parameters):
    """A factory of the Scenario's optimizer over a list of parameters."""
    name = get(scenario, "optimizer.name", "adamw")
    implementation = get(scenario, "optimizer.implementation", "auto")
    how = {
        "auto": {},
        "foreach": {"foreach": True},
        "for-loop": {"foreach": False},
        "fused": {"fused": True},
    }[implementation]
    o = torch.optim
    rate = {"lr": 1e-3}
    if implementation == "auto" and name == "adamw":
        how = {"fused": True}  # what HF Trainer asks for
    makers = {
        "adamw": lambda: o.AdamW(parameters, **rate, **how),
        "amsgrad": lambda: o.AdamW(parameters, amsgrad=True, **rate, **how),
        "adam": lambda: o.Adam(parameters, **rate, **how),
        "nadam": lambda: o.NAdam(parameters, **rate, **how),
        "radam": lambda: o.RAdam(parameters, **rate, **how),
        "adamax": lambda: o.Adamax(parameters, **rate, **how),
        "adagrad": lambda: o.Adagrad(parameters, **rate, **how),
        "adadelta": lambda: o.Adadelta(parameters, **rate, **how),
        "rmsprop": lambda: o.RMSprop(parameters, **rate, **how),
        "sgd": lambda: o.SGD(parameters, **rate, **how),
        "sgd-momentum": lambda: o.SGD(parameters, momentum=0.9, **rate, **how),
        "nesterov": lambda: o.SGD(parameters, momentum=0.9, nesterov=True, **rate, **how),
        "asgd": lambda: o.ASGD(parameters, **rate, **how),
        "rprop": lambda: o.Rprop(parameters, **rate, **how),
        # As HF Trainer makes it: in a loop over tensors, whatever is asked for.
        "adafactor": lambda: transformers.Adafactor(
            parameters, scale_parameter=False, relative_step=False, **rate
        ),
    }
    if name not in makers:
        raise ValueError(f"optimizer {name} is not traced")
    return makers[name]()


# -------------------------------------------------------------------- the step


@contextlib.contextmanager
def autocast(name):
    if name is None:
        yield
    else:
        with torch.autocast("cuda", dtype=DTYPES[name]):
            yield


def watch_modules(model):
    """Names the running module in the record."""
    stack = []

    def enter(name):
        def hook(*_):
            stack.append(name)
            DEVICE.module(name)

        return hook

    def leave(*_):
        stack.pop()
        DEVICE.module(stack[-1] if stack else "")

    for name, module in model.named_modules():
        module.register_forward_pre_hook(enter(name or "model"))
        module.register_forward_hook(leave, always_call=True)


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
    inputs = {"input_ids": ids} | labels_of(config, ids, scenario)
    if get(scenario, "train.padding_mask", False):
        inputs["attention_mask"] = torch.ones(batch, sequence, dtype=torch.long, device="cuda")
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


FIRST = {"distilbert", "modernbert", "bert", "roberta", "xlm-roberta", "electra", "t5"}


class Run:
    """Steps of a Scenario and where their phases begin in the device's record."""

    def __init__(self, scenario, steps=2, watch=False):
        self.scenario = scenario
        self.start = DEVICE.live
        self.marks = []
        self.model = build(scenario)
        gc.collect()
        self.load = DEVICE.live - self.start
        if watch:
            watch_modules(self.model)
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.in_backward = get(scenario, "optimizer.in_backward", False)
        if self.in_backward:
            self.optimizer = None
            for parameter in parameters:
                one = optimizer_of(scenario, [parameter])

                def update(p, one=one):
                    one.step()
                    one.zero_grad()

                parameter.register_post_accumulate_grad_hook(update)
        else:
            self.optimizer = optimizer_of(scenario, parameters)
        self.steps = [self._step() for _ in range(steps)]

    def mark(self, name):
        self.marks.append((name, DEVICE.count))

    def _peak(self):
        peak = DEVICE.peak - self.start
        DEVICE.reset_peak()
        return peak

    def _step(self):
        accumulation = get(self.scenario, "train.gradient_accumulation", 1)
        bytes_ = {"load": self.load, "forward": 0, "backward": 0}
        gc.collect()
        for _ in range(accumulation):
            inputs = inputs_of(self.model, self.scenario)
            DEVICE.reset_peak()
            self.mark("forward")
            with autocast(get(self.scenario, "precision.autocast")):
                loss = loss_of(self.model, inputs)
            if accumulation > 1:
                loss = loss / accumulation
            bytes_["forward"] = max(bytes_["forward"], self._peak())
            gc.collect()
            bytes_["backward_start"] = DEVICE.live - self.start
            DEVICE.reset_peak()
            self.mark("backward")
            loss.backward()
            self.mark("after backward")
            bytes_["backward"] = max(bytes_["backward"], self._peak())
            # The batch is the caller's, who has the next one by now.
            del loss, inputs
            gc.collect()
            bytes_["backward_end"] = DEVICE.live - self.start
        DEVICE.reset_peak()
        self.mark("optimizer")
        if self.optimizer is not None:
            # ASGD reads its weight of averages off the device: 1 for a million steps.
            DEVICE.values(scalar=1)
            self.optimizer.step()
            DEVICE.values(scalar=0)
            bytes_["optimizer"] = self._peak()
            self.optimizer.zero_grad()
        else:
            bytes_["optimizer"] = bytes_["backward_end"]
        self.mark("end")
        gc.collect()
        bytes_["steady"] = DEVICE.live - self.start
        return bytes_


if __name__ == "__main__":
    import json

    for line in sys.stdin:
        run = Run(json.loads(line))
        print(json.dumps(run.steps))
