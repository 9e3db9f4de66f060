trl grpo --model_name_or_path Qwen/Qwen3-1.7B --num_processes 8 --accelerate_config zero2 \
  --num_generations 8 --max_prompt_length 1024 --max_completion_length 2048 \
  --use_vllm --vllm_mode colocate --vllm_gpu_memory_utilization 0.3 \
  --per_device_train_batch_size 8 --beta 0.04 --bf16
