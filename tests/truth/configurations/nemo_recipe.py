from nemo.collections import llm
import nemo_run as run

def configure_recipe(nodes: int = 1, gpus_per_node: int = 8):
    recipe = llm.llama3_8b.finetune_recipe(
        dir="/checkpoints",
        name="llama3_lora",
        num_nodes=1,
        num_gpus_per_node=8,
        peft_scheme="lora",
    )
    recipe.trainer.strategy.tensor_model_parallel_size = 2
    recipe.data.micro_batch_size = 1
    recipe.data.global_batch_size = 16
    recipe.data.seq_length = 4096
    return recipe
