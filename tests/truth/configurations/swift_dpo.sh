export NPROC_PER_NODE=8
swift rlhf --rlhf_type dpo --model Qwen/Qwen3-8B --train_type full --dataset pairs.jsonl \
  --deepspeed zero3 --max_length 4096 --per_device_train_batch_size 1 --attn_impl flash_attn \
  --packing true --use_liger_kernel true --gradient_accumulation_steps 2
