"""Measures the GPU memory of a Scenario's training step, on this machine's GPU.

Reads one JSON object on the standard input: "scenario", normalised as an
Estimate has it; "config", the fields of a config.json, or "name", what
transformers' AutoConfig takes; "warmup_steps" and "steps". Prints one JSON object:
what PyTorch and the device counted, or {"error": "..."} with exit status 1.

Weights are made at random on the GPU, tensor by tensor: nothing is downloaded but
a config.json, and that only where a name is given. Tokens are random too, so
experts are chosen about evenly.
"""

import contextlib
import json
import sys


class CannotMeasure(Exception):
    """The Scenario, or this machine, is not one that the probe can run."""


def main():
    request = json.load(sys.stdin)
    device = request.get("device", "cuda")
    try:
        torch = import_torch(device)
        refuse_what_is_not_run(request["scenario"])
        with contextlib.redirect_stdout(sys.stderr):
            measured = measure(torch, device, request)
    except CannotMeasure as reason:
        print(json.dumps({"error": str(reason)}))
        sys.exit(1)
    print(json.dumps(measured))


def import_torch(device):
    try:
        import torch
    except ImportError as error:
        raise CannotMeasure(f"the probe needs PyTorch: {error}") from None
    if device == "cuda" and not torch.cuda.is_available():
        raise CannotMeasure(
            f"the probe needs a GPU that PyTorch {torch.__version__} can use: it finds none"
        )
    return torch


def need(package, why):
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise CannotMeasure(f"{why} needs {package}: {error}") from None


def refuse_what_is_not_run(scenario):
    """Names the first field that this probe has no code for."""
    train, parallel = scenario["train"], scenario["parallel"]
    limits = [
        ("task", scenario["task"], scenario["task"] == "train"),
        ("parallel.gpus", parallel["gpus"], parallel["gpus"] == 1),
        ("train.images_per_sample", train["images_per_sample"], train["images_per_sample"] == 0),
        ("train.checkpointing", train["checkpointing"], train["checkpointing"] != "selective"),
        ("train.checkpoint_offload", train["checkpoint_offload"], not train["checkpoint_offload"]),
        (
            "train.loss",
            train["loss"],
            train["loss"] == "full" or (train["loss"] == "fused" and train["kernels"] == "liger"),
        ),
        (
            "quantization.weights",
            scenario["quantization"]["weights"],
            scenario["quantization"]["weights"] in ("none", "nf4", "nf4-dq", "int8"),
        ),
        (
            "optimizer.in_backward",
            scenario["optimizer"]["in_backward"],
            not scenario["optimizer"]["in_backward"],
        ),
        (
            "software.model_code",
            scenario["software"]["model_code"],
            scenario["software"]["model_code"] == "transformers",
        ),
    ]
    for path, value, is_run in limits:
        if not is_run:
            raise CannotMeasure(f"the probe does not run {path} {json.dumps(value)}")


# ------------------------------------------------------------------- the model


def config_of(request):
    from transformers import AutoConfig

    fields = request.get("config")
    if fields is None:
        return AutoConfig.from_pretrained(request["name"])
    fields = dict(fields)
    model_type = fields.pop("model_type", None)
    if model_type is None:
        raise CannotMeasure("the probe needs a config.json with a model_type")
    try:
        return AutoConfig.for_model(model_type, **fields)
    except ValueError as error:
        raise CannotMeasure(f"transformers has no model: {error}") from None


def attention_of(train):
    """The implementation's name in transformers."""
    if train["attention"] != "flash":
        return train["attention"]
    try:
        import flash_attn  # noqa: F401
    except ImportError:
        print("flash_attn is not installed: sdpa runs, with PyTorch's own flash kernel", file=sys.stderr)
        return "sdpa"
    return "flash_attention_2"


def build(torch, device, request):
    scenario = request["scenario"]
    transformers = need("transformers", "the probe")
    accelerate = need("accelerate", "the probe")
    config = config_of(request)
    config.use_cache = False
    dtype = dtypes(torch)[scenario["precision"]["weights"]]
    named = "dtype" if release(transformers) >= (4, 56) else "torch_dtype"
    with accelerate.init_empty_weights(include_buffers=False):
        model = transformers.AutoModelForCausalLM.from_config(
            config, attn_implementation=attention_of(scenario["train"]), **{named: dtype}
        )
    model.tie_weights()
    scheme = scenario["quantization"]["weights"]
    if scheme != "none":
        quantize(torch, device, model, scheme, dtype)
    materialize(torch, device, model, dtype)
    model.tie_weights()
    model.to(device)
    model.train()
    if scenario["train"]["kernels"] == "liger":
        need("liger_kernel", "train.kernels liger")
        from liger_kernel.transformers import _apply_liger_kernel_to_instance

        _apply_liger_kernel_to_instance(model=model)
    model = adapted(model, scenario)
    if scenario["train"]["kernels"] == "compile":
        model = torch.compile(model)
    return model


def release(package):
    """Major and minor numbers of a package's version."""
    return tuple(int(part) for part in package.__version__.split(".")[:2])


def dtypes(torch):
    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def owners(model):
    """Each parameter on the meta device, with the module and the name it has there."""
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if parameter.device.type == "meta":
                yield module, name, parameter


def materialize(torch, device, model, dtype):
    made = {}
    for module, name, parameter in owners(model):
        if id(parameter) not in made:
            kept = dtype if parameter.is_floating_point() else parameter.dtype
            tensor = torch.empty(parameter.shape, dtype=kept, device=device)
            if parameter.ndim > 1:
                tensor.normal_(0, 0.02)
            else:
                tensor.fill_(1 if name == "weight" else 0)
            made[id(parameter)] = torch.nn.Parameter(tensor, parameter.requires_grad)
        setattr(module, name, made[id(parameter)])


def quantize(torch, device, model, scheme, dtype):
    """Replaces each Linear but the output head, as transformers loads such weights."""
    bnb = need("bitsandbytes", f"quantization.weights {scheme}")
    head = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is not torch.nn.Linear or child is head:
                continue
            weight = torch.empty(child.weight.shape, dtype=torch.float16, device=device)
            weight.normal_(0, 0.02)
            sizes = (child.in_features, child.out_features, child.bias is not None)
            if scheme == "int8":
                new = bnb.nn.Linear8bitLt(*sizes, has_fp16_weights=False)
                new.weight = bnb.nn.Int8Params(weight.cpu(), requires_grad=False)
            else:
                double = scheme == "nf4-dq"
                new = bnb.nn.Linear4bit(
                    *sizes, compute_dtype=dtype, compress_statistics=double, quant_type="nf4"
                )
                new.weight = bnb.nn.Params4bit(
                    weight.cpu(), requires_grad=False, compress_statistics=double, quant_type="nf4"
                )
            if child.bias is not None:
                new.bias = torch.nn.Parameter(
                    torch.zeros(child.out_features, dtype=dtype, device=device)
                )
            setattr(parent, name, new.to(device))
    model.is_loaded_in_4bit = scheme != "int8"
    model.is_loaded_in_8bit = scheme == "int8"


def adapted(model, scenario):
    """Adapters and checkpoints, in the order in which the trainers set them up."""
    train = scenario["train"]
    checkpoints = train["checkpointing"] == "full"
    options = {"use_reentrant": False}
    if train["method"] == "full":
        if checkpoints:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=options)
        return model
    peft = need("peft", f"train.method {train['method']}")
    quantized = scenario["quantization"]["weights"] != "none"
    if quantized and scenario["quantization"]["kbit_upcast"]:
        model = peft.prepare_model_for_kbit_training(
            model,
            use_gradient_checkpointing=checkpoints,
            gradient_checkpointing_kwargs=options,
        )
    elif checkpoints:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=options)
        model.enable_input_require_grads()
    lora = train["lora"]
    targets = lora["targets"]
    return peft.get_peft_model(
        model,
        peft.LoraConfig(
            r=lora["rank"],
            lora_alpha=lora["alpha"],
            lora_dropout=lora["dropout"],
            target_modules=None if targets == "default" else targets,
            use_dora=lora["dora"],
            modules_to_save=lora["modules_to_save"] or None,
            task_type="CAUSAL_LM",
        ),
        autocast_adapter_dtype=lora["adapter_dtype"] == "fp32",
    )


# --------------------------------------------------------------- the optimizer


def optimizer_of(torch, settings, parameters):
    """The Scenario's optimizer: PyTorch's, or that of bitsandbytes for few bits."""
    name, bits, paged = settings["name"], settings["bits"], settings["paged"]
    if bits != 32 or paged:
        bnb = need("bitsandbytes", f"optimizer.bits {bits}")
        classes = {"adamw": "AdamW", "adam": "Adam", "lion": "Lion"}
        if name not in classes or bits == 4:
            raise CannotMeasure(f"the probe does not run optimizer.name {name} with {bits} bits")
        maker = f"{'Paged' if paged else ''}{classes[name]}{'8bit' if bits == 8 else ''}"
        return getattr(bnb.optim, maker)(parameters, lr=1e-5)
    how = {
        "auto": {},
        "foreach": {"foreach": True},
        "for-loop": {"foreach": False},
        "fused": {"fused": True},
    }[settings["implementation"]]
    classes = {
        "adamw": "AdamW",
        "adam": "Adam",
        "sgd": "SGD",
        "rmsprop": "RMSprop",
        "adagrad": "Adagrad",
        "adamax": "Adamax",
        "nadam": "NAdam",
        "radam": "RAdam",
        "adafactor": "Adafactor",
    }
    if name not in classes:
        raise CannotMeasure(f"the probe does not run optimizer.name {name}")
    return getattr(torch.optim, classes[name])(parameters, lr=1e-5, **how)


# -------------------------------------------------------------------- the step


def measure(torch, device, request):
    scenario = request["scenario"]
    if device == "cuda":
        torch.cuda.init()
    model = build(torch, device, request)
    parameters = [each for each in model.parameters() if each.requires_grad]
    optimizer = optimizer_of(torch, scenario["optimizer"], parameters)
    run = Run(torch, device, scenario, model, optimizer)
    try:
        for _ in range(request["warmup_steps"]):
            run.step()
        run.reset_peaks()
        for _ in range(request["steps"]):
            run.step()
        counted = run.counters()
        run.step(by_phase=True)
    except torch.cuda.OutOfMemoryError as error:
        raise CannotMeasure(f"it does not fit: {str(error).splitlines()[0]}") from None
    return {
        **counted,
        "phases": run.phases,
        "trainable_parameters": sum(each.numel() for each in parameters),
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "versions": versions(torch),
    }


class Run:
    """Steps of one model, and what they take."""

    def __init__(self, torch, device, scenario, model, optimizer):
        self.torch = torch
        self.device = device
        self.scenario = scenario
        self.model = model
        self.optimizer = optimizer
        self.phases = {}
        autocast = scenario["precision"]["autocast"]
        self.autocast = (
            contextlib.nullcontext
            if autocast is None
            else lambda: torch.autocast(device, dtype=dtypes(torch)[autocast])
        )

    def batch(self):
        train = self.scenario["train"]
        config = self.model.config.get_text_config()
        shape = (train["micro_batch"], train["sequence_length"])
        ids = self.torch.randint(0, config.vocab_size, shape, device=self.device)
        batch = {"input_ids": ids, "labels": ids.clone()}
        if train["padding_mask"]:
            mask = self.torch.ones(shape, dtype=self.torch.int64, device=self.device)
            # Without a hole transformers drops the mask.
            mask[0, 0] = 0
            batch["attention_mask"] = mask
        return batch

    def step(self, by_phase=False):
        """Forward and backward passes of all micro-batches, then the optimizer."""
        for _ in range(self.scenario["train"]["gradient_accumulation"]):
            batch = self.batch()
            with self.phase("forward", by_phase):
                with self.autocast():
                    loss = self.model(**batch).loss
            with self.phase("backward", by_phase):
                loss.backward()
            del loss, batch
        with self.phase("optimizer", by_phase):
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)

    @contextlib.contextmanager
    def phase(self, name, wanted):
        if not wanted or self.device != "cuda":
            yield
            return
        self.torch.cuda.reset_peak_memory_stats()
        yield
        self.torch.cuda.synchronize()
        reached = self.torch.cuda.max_memory_allocated()
        self.phases[name] = max(reached, self.phases.get(name, 0))

    def reset_peaks(self):
        if self.device == "cuda":
            self.torch.cuda.synchronize()
            self.torch.cuda.reset_peak_memory_stats()

    def counters(self):
        if self.device != "cuda":
            return dict.fromkeys(COUNTERS)
        cuda = self.torch.cuda
        cuda.synchronize()
        free, total = cuda.mem_get_info()
        values = (
            cuda.max_memory_allocated(),
            cuda.max_memory_reserved(),
            cuda.memory_allocated(),
            total - free,
            total,
        )
        return dict(zip(COUNTERS, values, strict=True))


COUNTERS = (
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "device_used",
    "device_total",
)


def versions(torch):
    found = {"torch": torch.__version__}
    for package in ("transformers", "peft", "bitsandbytes", "accelerate", "flash_attn"):
        module = sys.modules.get(package)
        if module is not None:
            found[package] = getattr(module, "__version__", "unknown")
    return found


if __name__ == "__main__":
    main()
