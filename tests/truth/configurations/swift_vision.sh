NPROC_PER_NODE=2 MAX_PIXELS=1003520 swift sft --model Qwen/Qwen2.5-VL-7B-Instruct --train_type full \
  --freeze_vit false --freeze_aligner false --max_pixels 401408 --max_length 4096 \
  --deepspeed zero2_offload --torch_dtype bfloat16 --quux 3
