docker run --runtime nvidia --gpus all -p 23333:23333 --ipc=host openmmlab/lmdeploy:latest lmdeploy serve api_server Qwen/Qwen2.5-7B-Instruct --model-format awq --backend turbomind
