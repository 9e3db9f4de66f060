model=Qwen/Qwen2.5-7B-Instruct
volume=$PWD/data # share a volume with the container

docker run --gpus all --shm-size 1g -p 8080:80 -v $volume:/data \
    ghcr.io/huggingface/text-generation-inference:3.3.5 \
    --model-id $model --quantize eetq --cuda-memory-fraction 0.8 --speculate 2
