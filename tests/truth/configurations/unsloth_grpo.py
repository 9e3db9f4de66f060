from unsloth import FastLanguageModel
max_seq_length = 1024
lora_rank = 32
model, tokenizer = FastLanguageModel.from_pretrained(
    "Qwen/Qwen3-4B", max_seq_length=max_seq_length, load_in_4bit=False,
    fast_inference=True, max_lora_rank=lora_rank, gpu_memory_utilization=0.6,
)
model = FastLanguageModel.get_peft_model(model, r=lora_rank, lora_alpha=lora_rank,
    target_modules=["q_proj", "v_proj"], use_gradient_checkpointing="unsloth")
max_prompt_length = 256
from trl import GRPOConfig, GRPOTrainer
training_args = GRPOConfig(
    optim="paged_adamw_8bit", per_device_train_batch_size=4,
    num_generations=4, max_prompt_length=max_prompt_length,
    max_completion_length=max_seq_length - max_prompt_length,
)
