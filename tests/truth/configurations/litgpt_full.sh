litgpt finetune_full Qwen/Qwen2.5-1.5B \
  --data JSON --data.json_path mine.json \
  --devices 4 --precision bf16-true \
  --train.micro_batch_size 2 --train.global_batch_size 32 --train.max_seq_length 2048
