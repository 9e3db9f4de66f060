python3 train_async.py --hf-checkpoint /data/Qwen3-30B-A3B \
  --actor-num-nodes 2 --actor-num-gpus-per-node 8 --rollout-num-gpus 8 \
  --tensor-model-parallel-size 4 --expert-model-parallel-size 8 --expert-tensor-parallel-size 1 --sequence-parallel \
  --rollout-batch-size 32 --n-samples-per-prompt 16 \
  --rollout-max-prompt-len 2048 --rollout-max-response-len 8192 \
  --max-tokens-per-gpu 20480 --use-dynamic-batch-size --recompute-granularity full \
  --recompute-method uniform --recompute-num-layers 1 --sglang-mem-fraction-static 0.8
