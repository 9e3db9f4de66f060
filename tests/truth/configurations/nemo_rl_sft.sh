uv run examples/run_sft.py \
  --config examples/configs/sft.yaml \
  policy.model_name=Qwen/Qwen3-4B \
  policy.dtensor_cfg.lora_cfg.enabled=true \
  policy.dtensor_cfg.lora_cfg.dim=32 \
  policy.max_total_sequence_length=2048 \
  cluster.gpus_per_node=4 \
  logger.wandb_enabled=True
