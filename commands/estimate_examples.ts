/** What stands under the help. */
export const EXAMPLES: string = `
Examples:
  QLoRA of a model of the catalogue on one card, and whether it fits
    deno task headroom qwen3-32b --qlora --gpu 4090 --check
  Fine-tune Llama-2-7B with ZeRO-2 on eight GPUs
    deno task estimate --model meta-llama/Llama-2-7b-hf --dtype bf16 \\
      --seq-len 4096 --per-device-batch 2 --zero 2 --dp 8 \\
      --flashattn true --grad-checkpoint true
  QLoRA on one card
    deno task estimate --model mistralai/Mistral-7B-v0.1 --qlora true \\
      --lora-rank 8 --grad-checkpoint true --gpu "RTX 4090"
  Any field of a scenario, by its path
    deno task estimate --model llama2-7b --set task=serve --set serve.batch=16
  The configuration files of a training tool, later ones over earlier ones
    deno task estimate --from train.yaml --from ds_config.json --gpus 8
  A configuration for another tool
    deno task estimate --model llama2-7b --zero 2 --dp 8 --export accelerate
  A scenario from a file or the standard input, its estimate as JSON
    deno task estimate --scenario scenario.json --json
  Many of them, a line each
    deno task estimate --batch scenarios.jsonl > estimates.jsonl

A true-or-false flag takes true or false, or nothing for true. Exit status: 0,
1 when a line of a batch was refused or a probe could not be run, 2 when the
command line was refused, 3 when --check finds that it does not fit.`;
