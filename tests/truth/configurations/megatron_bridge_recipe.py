from megatron.bridge.recipes.llama import llama3_8b_finetune_config
from megatron.bridge.training.finetune import finetune
config = llama3_8b_finetune_config(peft="lora", seq_length=4096)
config.train.micro_batch_size = 1
config.model.tensor_model_parallel_size = 2
finetune(config)
