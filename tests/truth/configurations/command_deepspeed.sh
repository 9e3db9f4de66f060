#!/bin/bash
MODEL=${MODEL:-meta-llama/Llama-3.1-8B}
OUT=$1
mkdir -p $OUT
cat <<EOF > ds_zero2.json
{
  "bf16": {"enabled": true},
  "zero_optimization": {"stage": 2, "overlap_comm": true},
  "train_micro_batch_size_per_gpu": "auto",
  "gradient_accumulation_steps": "auto"
}
EOF
deepspeed --include localhost:0,1,2,3 --master_port 29501 finetune.py \
    --deepspeed ds_zero2.json \
    --model_name_or_path $MODEL \
    --bf16 True --max_length 4096 --packing True \
    --per_device_train_batch_size 1 --gradient_accumulation_steps 4 \
    --gradient_checkpointing True --output_dir $OUT 2>&1 | tee $OUT/log.txt
