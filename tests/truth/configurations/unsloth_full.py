from unsloth import FastModel
model, tokenizer = FastModel.from_pretrained(
    model_name="unsloth/gemma-3-1b-it", full_finetuning=True, max_seq_length=4096, load_in_4bit=True)
args = dict(per_device_train_batch_size=4, gradient_accumulation_steps=2)
from transformers import TrainingArguments
t = TrainingArguments(**args, optim="adamw_torch", bf16=True, output_dir="x")
