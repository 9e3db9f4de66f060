#!/bin/bash
# Llama 3.1 8B on one card, as the documentation starts it
export VLLM_USE_V1=1
MODEL=${MODEL:-meta-llama/Llama-3.1-8B-Instruct}
CUDA_VISIBLE_DEVICES=0 vllm serve "$MODEL" \
    --host 0.0.0.0 --port 8000 \
    --dtype bfloat16 \
    --max-model-len 32768 \
    --gpu-memory-utilization 0.92 \
    --max-num-seqs 64 \
    --enable-prefix-caching \
    --enable-auto-tool-choice --tool-call-parser llama3_json
