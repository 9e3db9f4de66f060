NPROC_PER_NODE=4 swift megatron sft --model Qwen/Qwen2.5-14B --tuner_type lora --lora_rank 16 --lora_alpha 32 \
  --tensor_model_parallel_size 2 --sequence_parallel true --micro_batch_size 2 --global_batch_size 16 --max_length 4096
