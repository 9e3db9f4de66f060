torchrun --nproc_per_node 8 -m torchtitan.train --job.config_file llama3_8b.toml --training.local_batch_size 2 --training.seq_len 16384

# llama3_8b.toml
[job]
description = "Llama 3 8B"
[model]
name = "llama3"
flavor = "8B"
[training]
local_batch_size = 1
seq_len = 8192
[parallelism]
data_parallel_shard_degree = -1
[activation_checkpoint]
mode = "selective"
selective_ac_option = "op"
