if [ "$#" -lt 2 ]; then
    echo "Usage: run.sh <nproc_per_node> <save_path>"
    exit 1
fi
nproc_per_node=$1
save_path=$2
shift 2
torchrun --standalone --nnodes=1 --nproc_per_node=$nproc_per_node \
     -m verl.trainer.fsdp_sft_trainer \
    data.max_length=4096 data.micro_batch_size_per_gpu=2 \
    model.partial_pretrain=Qwen/Qwen2.5-0.5B-Instruct \
    model.lora_rank=32 model.lora_alpha=16 model.target_modules=all-linear \
    ulysses_sequence_parallel_size=2 trainer.default_local_dir=$save_path "$@"
