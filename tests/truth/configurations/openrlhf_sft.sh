deepspeed --module openrlhf.cli.train_sft --pretrain mistralai/Mixtral-8x7B-v0.1 --max_len 2048 \
  --train_batch_size 128 --micro_train_batch_size 4 --zero_stage 3 --bf16 --flash_attn \
  --lora_rank 64 --lora_alpha 64 --adam_offload --gradient_checkpointing
