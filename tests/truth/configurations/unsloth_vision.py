from unsloth import FastVisionModel
model, tokenizer = FastVisionModel.from_pretrained("unsloth/Qwen3-VL-8B-Instruct-unsloth-bnb-4bit", load_in_4bit=True, use_gradient_checkpointing="unsloth")
model = FastVisionModel.get_peft_model(model, finetune_vision_layers=True, finetune_language_layers=True, finetune_attention_modules=True, finetune_mlp_modules=True, r=16, lora_alpha=16, lora_dropout=0, bias="none")
trainer = SFTTrainer(model=model, data_collator=UnslothVisionDataCollator(model, tokenizer), args=SFTConfig(per_device_train_batch_size=2, gradient_accumulation_steps=4, max_steps=30, optim="adamw_8bit", max_length=2048, remove_unused_columns=False))
