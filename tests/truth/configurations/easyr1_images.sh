MODEL=${MODEL:-"Qwen/Qwen2.5-VL-7B-Instruct"}
python3 -m verl.trainer.main \
    config=examples/config.yaml \
    data.max_pixels=1048576 \
    worker.actor.model.model_path=${MODEL} \
    worker.actor.model.freeze_vision_tower=true \
    worker.actor.fsdp.torch_dtype=bf16 \
    trainer.n_gpus_per_node=4
