python3 -m sglang.launch_server --model-path meta-llama/Llama-3.1-70B-Instruct \
  --tp 4 --mem-fraction-static 0.9 --context-length 32768 \
  --chunked-prefill-size 4096 --max-running-requests 128 \
  --kv-cache-dtype fp8_e5m2 --host 0.0.0.0 --port 30000
