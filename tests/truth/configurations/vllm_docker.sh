docker run --runtime nvidia --gpus '"device=0,1,2,3"' \
    -v ~/.cache/huggingface:/root/.cache/huggingface \
    --env "HUGGING_FACE_HUB_TOKEN=$HF_TOKEN" \
    -p 8000:8000 \
    --ipc=host \
    vllm/vllm-openai:latest \
    --model Qwen/Qwen2.5-72B-Instruct \
    -tp 4 \
    --max-model-len 16K \
    --kv-cache-dtype fp8 \
    --enforce-eager \
    --cpu-offload-gb 8 \
    --limit-mm-per-prompt '{"image": 2}' \
    --served-model-name qwen
