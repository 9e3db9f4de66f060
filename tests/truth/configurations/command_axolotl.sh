axolotl train lora.yml --micro-batch-size 4 --sequence-len 8192
---
base_model: NousResearch/Meta-Llama-3.1-8B
adapter: lora
lora_r: 32
lora_alpha: 16
lora_target_linear: true
datasets:
  - path: tatsu-lab/alpaca
    type: alpaca
micro_batch_size: 2
gradient_accumulation_steps: 4
optimizer: adamw_8bit
bf16: auto
gradient_checkpointing: true
flash_attention: true
