text-generation-launcher --model-id meta-llama/Llama-3.1-70B-Instruct --num-shard 4 --max-input-tokens 30000 --max-total-tokens 32768 --max-batch-prefill-tokens 32768 --port 8080
