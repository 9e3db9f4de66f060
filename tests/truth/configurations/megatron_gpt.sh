#!/bin/bash
# GPT, 345M, on one node
export CUDA_DEVICE_MAX_CONNECTIONS=1
GPUS_PER_NODE=8
NNODES=1
TP=2
PP=2
DATA_PATH=$1

DISTRIBUTED_ARGS="--nproc_per_node $GPUS_PER_NODE --nnodes $NNODES \
    --master_addr localhost"

torchrun $DISTRIBUTED_ARGS pretrain_gpt.py \
    --tensor-model-parallel-size $TP \
    --pipeline-model-parallel-size ${PP} \
    --sequence-parallel \
    --num-layers 24 \
    --hidden-size 1024 \
    --num-attention-heads 16 \
    --seq-length 1024 \
    --max-position-embeddings 1024 \
    --micro-batch-size 4 \
    --global-batch-size $((4 * 16)) \
    --lr 0.00015 \
    --vocab-size 50257 \
    --data-path $DATA_PATH \
    --recompute-granularity full --recompute-method uniform --recompute-num-layers 1 \
    --use-flash-attn \
    --fp16
