ray job submit -- python3 train_async.py --hf-checkpoint ${ROOT}/Qwen3-4B --loss-type sft_loss \
  --actor-num-nodes 1 --actor-num-gpus-per-node 4 --rollout-batch-size 128 --global-batch-size 128 \
  --tensor-model-parallel-size 1 --max-tokens-per-gpu 9216 --use-dynamic-batch-size \
  --rollout-function-path slime.rollout.sft_rollout.generate_rollout --debug-train-only
