docker run --rm -it --ipc host --gpus all -p 8000:8000 nvcr.io/nvidia/tensorrt-llm/release:1.0.0 \
  trtllm-serve Qwen/Qwen3-8B --free_gpu_memory_fraction 0.7 --trust_remote_code
