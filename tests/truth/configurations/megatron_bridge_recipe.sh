for CONFIG in "2,1,1" "4,1,1"; do
  IFS=',' read -r TP PP CP <<< "$CONFIG"
  torchrun --nproc_per_node=8 scripts/training/run_recipe.py \
    --recipe qwen3_8b_pretrain_config \
    model.tensor_model_parallel_size=$TP \
    model.pipeline_model_parallel_size=$PP \
    model.context_parallel_size=$CP \
    train.micro_batch_size=1 train.global_batch_size=32 dataset.seq_length=4096
done
