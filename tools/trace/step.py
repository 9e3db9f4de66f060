"""One training step of a Scenario, run on the device without memory."""

import contextlib
import gc
import sys

from runtime import DEVICE, torch

from batch import inputs_of, loss_of
from fields import DTYPES, get
from image_batch import selected_by
from model import build
from offload import offloading
from optimizers import optimizer_of


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


class Run:
    """Steps of a Scenario and where their phases begin in the device's record."""

    def __init__(self, scenario, steps=2, watch=False, holds=False):
        self.scenario = scenario
        self.holds = holds  # whether the caller has a batch until the next one
        self.start = DEVICE.live
        self.marks = []
        self.batch = None
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
        self.offloading = offloading(scenario, self.model)
        self.steps = [self._step() for _ in range(steps)]

    def mark(self, name):
        self.marks.append((name, DEVICE.count))

    def _peak(self):
        peak = DEVICE.peak - self.start
        DEVICE.reset_peak()
        return peak

    def _step(self):
        with self.offloading:
            bytes_ = self._passes()
        return self._stepped(bytes_)

    def _passes(self):
        accumulation = get(self.scenario, "train.gradient_accumulation", 1)
        bytes_ = {"load": self.load, "forward": 0, "backward": 0}
        gc.collect()
        for _ in range(accumulation):
            self.batch = None
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
            DEVICE.values(nonzero_rows=selected_by(self.model, self.scenario))
            loss.backward()
            DEVICE.values()
            self.mark("after backward")
            bytes_["backward"] = max(bytes_["backward"], self._peak())
            # The batch is the caller's, who has the next one by now.
            del loss
            self.batch = inputs if self.holds else None
            del inputs
            gc.collect()
            bytes_["backward_end"] = DEVICE.live - self.start
        return bytes_

    def _stepped(self, bytes_):
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
