from transformers import AutoModelForCausalLM, TrainingArguments
from peft import AdaLoraConfig, get_peft_model
model = AutoModelForCausalLM.from_pretrained("facebook/opt-1.3b", torch_dtype="auto")
model = get_peft_model(model, AdaLoraConfig(init_r=12, target_r=8, target_modules=["q_proj","v_proj"]))
args = TrainingArguments(output_dir="x", per_device_train_batch_size=8, fp16=True)
