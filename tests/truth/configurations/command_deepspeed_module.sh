deepspeed --num_gpus=$NGPU --module trl.scripts.dpo --deepspeed ds_z1.json \
  --model_name_or_path Qwen/Qwen2.5-0.5B-Instruct --max_length 1024 --per_device_train_batch_size 2 --bf16
