"""Prints every allocation and release of one training step of a small model.

    python tools/trace/layer.py MODEL_TYPE [field=value ...]

A field is a dotted path of a Scenario (train.attention=sdpa) or, after
"config.", of the model's config (config.hidden_size=512); values are JSON.

    + ID BYTES LIVE OP shape dtype @MODULE <NODE     an allocation
    - ID BYTES LIVE                                  a release

LIVE counts from the start of the step. NODE is the autograd node whose backward
made the tensor. After each forward and backward, what stands then is listed.
"""

import json
import sys

import step
from runtime import DEVICE

SMALL = {
    "hidden_size": 320,
    "intermediate_size": 704,
    "num_hidden_layers": 3,
    "num_attention_heads": 5,
    "num_key_value_heads": 1,
    "vocab_size": 1000,
    "pad_token_id": 0,
}
SHORT = {"BFloat16": "bf16", "Float": "f32", "Half": "f16", "Long": "i64", "Bool": "b1", "Byte": "u8"}


def scenario_of(arguments):
    """A Scenario of a small model with the fields of the command line."""
    scenario = {
        "model": {"config": {"model_type": arguments[0], **SMALL}},
        "train": {"micro_batch": 2, "sequence_length": 64, "attention": "flash"},
        "optimizer": {"name": "adamw", "implementation": "foreach"},
    }
    for argument in arguments[1:]:
        path, _, text = argument.partition("=")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        *sections, key = path.split(".")
        if sections and sections[0] == "config":
            sections = ["model", "config"] + sections[1:]
        place = scenario
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return scenario


def describe(event):
    shape = "x".join(map(str, event["shape"]))
    dtype = SHORT.get(event["dtype"], event["dtype"])
    op = event["op"].replace("aten::", "")
    node = event["node"].replace("torch::autograd::", "")
    return f"{op} [{shape}] {dtype} @{event['module']}" + (f" <{node}" if node else "")


def listing(run, out):
    """Writes the second step of a run, phase by phase."""
    marks = run.marks
    first = len(marks) // 2
    held = {}
    for event in DEVICE.events(0, marks[first][1]):
        held.pop(event["free"], None) if "free" in event else held.update({event["alloc"]: event})
    base = sum(e["bytes"] for e in held.values())
    before = set(held)
    out.write(f"standing before the step: {base - run.start}\n")
    for i in range(first, len(marks)):
        name, start = marks[i]
        end = marks[i + 1][1] if i + 1 < len(marks) else DEVICE.count
        out.write(f"## {name}\n")
        for event in DEVICE.events(start, end):
            live = event["live"] - base
            if "free" in event:
                held.pop(event["free"], None)
                old = " (from before the step)" if event["free"] in before else ""
                out.write(f"- {event['free']} {event['bytes']} {live}{old}\n")
            else:
                held[event["alloc"]] = event
                out.write(f"+ {event['alloc']} {event['bytes']} {live} {describe(event)}\n")
        if name in ("forward", "backward"):
            out.write(f"## standing after {name}\n")
            for block, event in held.items():
                if block not in before:
                    out.write(f"= {block} {event['bytes']} {describe(event)}\n")


def main(arguments, out=sys.stdout):
    scenario = scenario_of(arguments)
    out.write(f"{json.dumps(scenario)}\n")
    run = step.Run(scenario, watch=True)
    for number, bytes_ in enumerate(run.steps, 1):
        out.write(f"step {number}: {json.dumps(bytes_)}\n")
    listing(run, out)


if __name__ == "__main__":
    main(sys.argv[1:])
