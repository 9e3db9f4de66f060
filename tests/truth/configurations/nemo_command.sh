nemo llm finetune --factory llama3_8b trainer.devices=8 trainer.strategy.tensor_model_parallel_size=4 data.micro_batch_size=2 peft=lora
