import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, TrainingArguments
from peft import LoraConfig
bnb = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4",
                         bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16)
model = AutoModelForCausalLM.from_pretrained("mistralai/Mistral-7B-v0.1", quantization_config=bnb,
                                             attn_implementation="flash_attention_2", torch_dtype=torch.bfloat16)
peft_config = LoraConfig(r=64, lora_alpha=16, lora_dropout=0.1, target_modules="all-linear", task_type="CAUSAL_LM")
training_args = TrainingArguments(per_device_train_batch_size=4, gradient_checkpointing=True, bf16=True,
                                  optim="paged_adamw_32bit", output_dir="out")
