trtllm-serve "meta-llama/Llama-3.1-8B-Instruct" --backend pytorch --tp_size 2 --max_batch_size 256 --max_num_tokens 8192 --kv_cache_free_gpu_memory_fraction 0.85 --port 8000
