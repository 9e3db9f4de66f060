# Two GPUs of a workstation, FSDP2 by flags.
export CUDA_VISIBLE_DEVICES=0,1
PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True accelerate launch \
    --use_fsdp --fsdp_version 2 --fsdp_reshard_after_forward true \
    --num_processes 2 --mixed_precision bf16 \
    train_instructions.py \
    --model_name_or_path Qwen/Qwen3-4B \
    --per_device_train_batch_size 2 \
    --gradient_accumulation_steps 8 \
    --gradient_checkpointing True \
    --learning_rate 2e-5 \
    --output_dir ./out
