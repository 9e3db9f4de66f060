"""Traces evaluations between two steps and writes tests/truth/evaluations.json.

    python tools/trace/evaluate.py [--out FILE] [--jobs N]

A batch goes as transformers' Trainer has it in evaluation_loop and prediction_step:
the loss in evaluation mode under no_grad; logits that metrics want are kept on the
device by the Trainer's own container.
"""

import argparse
import gc
import multiprocessing

import step
from batch import inputs_of
from cases.scenario import scenario as scenario_of
from fields import get
from runtime import DEVICE, torch
from write import save

from transformers.trainer_pt_utils import EvalLoopContainer

LLAMA = {
    "model_type": "llama",
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "vocab_size": 32000,
    "pad_token_id": 0,
}
QWEN = {
    "model_type": "qwen2",
    "hidden_size": 384,
    "intermediate_size": 1024,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "vocab_size": 50000,
    "tie_word_embeddings": True,
}
GEMMA = {
    "model_type": "gemma2",
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "vocab_size": 20000,
    "sliding_window": 128,
}
GPT2 = {
    "model_type": "gpt2",
    "n_embd": 256,
    "n_layer": 3,
    "n_head": 4,
    "vocab_size": 30000,
    "n_positions": 1024,
}
LORA = {"rank": 16, "alpha": 32, "dropout": 0.1, "targets": "all-linear", "adapter_dtype": "fp32"}
MIXED = {"precision": {"weights": "fp32", "autocast": "bf16"}}
ADAPTED = {"precision": {"autocast": "bf16"}, "train": {"method": "lora", "lora": LORA}}
QUANTIZED = {
    "precision": {"autocast": "bf16"},
    "quantization": {"weights": "nf4-dq", "kbit_upcast": True},
    "train": {"method": "qlora", "lora": LORA, "checkpointing": "full"},
}
CHECKPOINTED = {"train": {"checkpointing": "full", "attention": "sdpa"}}

# Name, config, change, and what is evaluated: batch, length, batches kept.
CASES = [
    ("llama full bf16", LLAMA, {}, (8, None, 0)),
    ("llama full bf16 small batch", LLAMA, {}, (1, 64, 0)),
    ("llama full autocast", LLAMA, MIXED, (8, 1024, 0)),
    ("llama full bf16 keeps one", LLAMA, {}, (4, None, 1)),
    ("llama full bf16 keeps two", LLAMA, {}, (4, None, 2)),
    ("llama full bf16 keeps five", LLAMA, {}, (2, 384, 5)),
    ("llama lora autocast", LLAMA, ADAPTED, (8, None, 0)),
    ("llama qlora checkpointing", LLAMA, QUANTIZED, (16, 256, 0)),
    ("qwen2 checkpointing", QWEN, CHECKPOINTED, (8, 640, 0)),
    ("qwen2 autocast checkpointing keeps three", QWEN, MIXED | CHECKPOINTED, (4, 320, 3)),
    ("gemma2 full bf16", GEMMA, {"train": {"attention": "eager"}}, (8, 384, 0)),
    ("gemma2 lora autocast", GEMMA, {**ADAPTED}, (6, 320, 0)),
    ("gpt2 full autocast", GPT2, MIXED, (8, 320, 0)),
    ("gpt2 eager", GPT2, {"train": {"attention": "eager"}}, (4, 512, 0)),
]


def evaluate(run):
    """The most that stands while batches are evaluated, and what stands after."""
    evaluation = get(run.scenario, "train.evaluation")
    kept = evaluation.get("kept_batches", 0)
    train = dict(run.scenario["train"], micro_batch=evaluation["micro_batch"])
    train["sequence_length"] = evaluation.get("sequence_length") or train["sequence_length"]
    batch = {**run.scenario, "train": train}
    run.model.eval()
    gc.collect()
    DEVICE.reset_peak()
    predict(run, batch, kept)
    peak = DEVICE.peak - run.start
    gc.collect()
    return {"evaluation": peak, "evaluation_end": DEVICE.live - run.start}


def predict(run, batch, kept):
    preds = EvalLoopContainer(True, padding_index=-100)
    logits = None
    for _ in range(max(1, kept)):
        inputs = inputs_of(run.model, batch)
        logits = prediction_step(run, inputs)
        if kept:
            preds.add(logits)
        del inputs


def prediction_step(run, inputs):
    cast = step.autocast(get(run.scenario, "precision.autocast"))
    with torch.no_grad():
        with cast:
            outputs = run.model(**inputs)
        loss = outputs["loss"].detach().mean()
        del loss
        (logits,) = (v for k, v in outputs.items() if k == "logits")
    return logits


def trace(case):
    name, config, change, (batch, length, kept) = case
    scenario = scenario_of(config, change, 2, 512)
    evaluation = {"micro_batch": batch, "sequence_length": length, "kept_batches": kept}
    scenario["train"]["evaluation"] = evaluation
    run = step.Run(scenario)
    bytes_ = {**run.steps[-1], **evaluate(run)}
    return {"name": name, "scenario": scenario, "bytes": bytes_}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="tests/truth/evaluations.json")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    context = multiprocessing.get_context("fork")
    gc.collect()
    gc.freeze()
    with context.Pool(options.jobs, maxtasksperchild=1) as pool:
        records = pool.map(trace, CASES, chunksize=1)
    save(options.out, records)
    print(f"{options.out}: {len(records)} cases")


if __name__ == "__main__":
    main()
