NUM_GPUS=4
torchrun --standalone --nproc_per_node=$NUM_GPUS trl/scripts/sft.py \
  --model_name_or_path Qwen/Qwen2.5-7B-Instruct \
  --use_peft --lora_r 32 --lora_target_modules q_proj k_proj v_proj o_proj \
  --max_length 2048 --gradient_checkpointing_kwargs '{"use_reentrant": false}' \
  --per_device_train_batch_size 4 --attn_implementation flash_attention_2
