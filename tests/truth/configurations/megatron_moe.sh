#!/bin/bash
WORLD_SIZE=16
MODEL_ARGS=(
    --num-layers 32       # blocks
    --hidden-size 4096
    --ffn-hidden-size 14336
    --num-attention-heads 32
    --group-query-attention
    --num-query-groups 8
    --swiglu
    --untie-embeddings-and-output-weights
    --seq-length 4096
    --tokenizer-type Llama2Tokenizer
)
MOE_ARGS=(--num-experts 8 --moe-router-topk 2 --moe-grouped-gemm)
MODEL_ARGS+=("${MOE_ARGS[@]}")
PARALLEL_ARGS=(
    --pipeline-model-parallel-size 4
    --num-layers-per-virtual-pipeline-stage 4
    --expert-model-parallel-size ${EP:-4}
    --use-distributed-optimizer
)
torchrun --nproc-per-node=8 --nnodes 2 pretrain_gpt.py ${MODEL_ARGS[@]} \
    "${PARALLEL_ARGS[@]}" --micro-batch-size 1 --global-batch-size 64 --bf16 \
    --attention-backend fused --optimizer-cpu-offload --recompute-activations
