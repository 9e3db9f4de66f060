python3 -m verl.trainer.main \
    config=examples/config.yaml \
    data.max_prompt_length=1024 \
    data.max_response_length=3072 \
    worker.actor.model.model_path=Qwen/Qwen3-8B \
    worker.actor.optim.strategy=adamw_bf16 \
    worker.rollout.n=8 \
    worker.rollout.gpu_memory_utilization=0.7 \
    algorithm.disable_kl=True \
    trainer.nnodes=2 \
    trainer.n_gpus_per_node=8
