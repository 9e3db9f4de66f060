deepspeed --num_gpus 8 --num_nodes 2 --hostfile hosts.txt train.py --deepspeed zero3.json \
  --model_name_or_path Qwen/Qwen2.5-14B --fp16 --max_length 2048 --per_device_train_batch_size 4
