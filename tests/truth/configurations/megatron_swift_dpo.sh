megatron rlhf --rlhf_type dpo --model Qwen/Qwen3-8B --tuner_type full --tensor_model_parallel_size 4 \
  --pipeline_model_parallel_size 2 --micro_batch_size 1 --global_batch_size 8 --max_length 4096 \
  --optimizer_cpu_offload true --recompute_granularity none
