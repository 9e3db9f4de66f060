"""Traces the cases of a truth file again, and says which bytes are others now.

    python tools/trace/retrace.py tests/truth/varied_steps.json --holds [--masked] [--only PATTERN]

With --holds the caller has a step's batch until the next one, as in
image_steps.json and varied_steps.json; with --masked a mask of ones is among its
inputs, as in image_steps.json.
"""

import argparse
import gc
import json
import re
import sys

import step


def cases_of(data):
    """Names, scenarios and bytes; of varied_steps.json with what they share."""
    if isinstance(data, list):
        return [(case["name"], case["scenario"], case["bytes"]) for case in data]
    return [
        (
            case["name"],
            data["common"] | case["scenario"] | {"model": {"config": data["configs"][case["config"]]}},
            case["bytes"],
        )
        for case in data["steps"]
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--only", default="")
    parser.add_argument("--holds", action="store_true")
    parser.add_argument("--masked", action="store_true")
    options = parser.parse_args()
    with open(options.file) as file:
        cases = [case for case in cases_of(json.load(file)) if re.search(options.only, case[0])]
    same = 0
    for name, scenario, before in cases:
        if options.masked:
            scenario["train"]["padding_mask"] = True
        try:
            now = step.Run(scenario, holds=options.holds).steps[-1]
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            continue
        finally:
            gc.collect()
        other = {key: now[key] - value for key, value in before.items() if now.get(key) != value}
        same += not other
        if other:
            print(f"{name}: {other}", flush=True)
    print(f"{same} of {len(cases)} are the same")


if __name__ == "__main__":
    main()
