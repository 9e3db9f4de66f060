"""Traces every case of the package `cases` and writes tests/truth/traced_steps.json.

    python tools/trace/write.py [--only PATTERN] [--append] [--out FILE] [--jobs N]

With --append, cases that the file has already are left as they are.
Each case runs in a process of its own, forked before anything is on the device.
"""

import argparse
import gc
import json
import multiprocessing
import os
import re
import sys
import traceback

import step
from cases import cases
from fields import get


def trace(case):
    """The record of one case, or what stopped it."""
    name, scenario = case
    try:
        run = step.Run(scenario)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = str(error).strip().splitlines() or [type(error).__name__]
        return {"name": name, "error": f"{text[0]} ({where.name})"}
    first, second = run.steps
    record = {"name": name, "scenario": scenario, "bytes": second}
    if first["optimizer"] != second["optimizer"]:
        record["first_optimizer"] = first["optimizer"]
    notes = notes_of(scenario)
    if notes:
        record["notes"] = notes
    return record


def notes_of(scenario):
    """What the Scenario cannot say of its run."""
    notes = []
    model_type = scenario["model"]["config"]["model_type"]
    if get(scenario, "train.checkpointing", "none") == "full":
        notes.append("checkpointing non-reentrant")
    if get(scenario, "quantization.weights", "none") != "none":
        notes.append("bitsandbytes on a GPU of compute capability 9.0")
    (task,) = scenario["model"]["config"].get("architectures", [""])
    masked = model_type in ("bert", "roberta") and not task or task.endswith("MaskedLM")
    if masked:
        notes.append("masked-LM loss over every position")
    if model_type in ("t5", "umt5", "bart", "mbart", "pegasus"):
        notes.append("the decoder's sequence is as long as the encoder's")
    if model_type == "whisper":
        notes.append("features in the weights' type, labels up to max_target_positions")
    if get(scenario, "train.padding_mask", False):
        notes.append("a mask is passed on; the kernel still computes every token")
    return notes


def save(path, records):
    with open(path, "w") as file:
        file.write("[\n")
        file.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in records))
        file.write("\n]\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--append", action="store_true")
    parser.add_argument("--out", default="tests/truth/traced_steps.json")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    records, refused = [], []
    if options.append and os.path.exists(options.out):
        with open(options.out) as file:
            records = json.load(file)
    known = {record["name"] for record in records}
    chosen = [
        case for case in cases() if re.search(options.only, case[0]) and case[0] not in known
    ]
    context = multiprocessing.get_context("fork")
    gc.collect()
    gc.freeze()  # what is imported is not searched again by every case
    with context.Pool(options.jobs, maxtasksperchild=1) as pool:
        for record in pool.imap(trace, chosen, chunksize=1):
            (refused if "error" in record else records).append(record)
            if len(records) % 50 == 0:
                save(options.out, records)
            if "error" in record:
                print(f"{record['name']}: {record['error']}", file=sys.stderr, flush=True)
    save(options.out, records)
    print(f"{options.out}: {len(records)} cases, {len(refused)} refused")


if __name__ == "__main__":
    main()
