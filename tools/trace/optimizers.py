"""A Scenario's optimizer."""

from runtime import torch, transformers

from fields import get


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
