/** What settings of several GPUs are, in a sentence each, by a field's path. */
export const PARALLEL_WORDS: Record<string, string> = {
  "parallel.gpus":
    "All GPUs together. Copies of the model: GPUs ÷ (tp × pp × cp).",
  "parallel.gpus_per_node":
    "GPUs in one machine, which share its memory and its fast links.",
  "parallel.tp":
    "Tensor parallel: each layer's matrices are cut over so many GPUs.",
  "parallel.pp":
    "Pipeline parallel: the layers are cut into so many stages, one after another.",
  "parallel.cp": "Context parallel: each sequence is cut over so many GPUs.",
  "parallel.ep":
    "Expert parallel: a mixture-of-experts model's experts are spread over so many GPUs.",
  "parallel.sequence_parallel":
    "Beside tensor parallel: norms and the residual stream are cut by tokens as well.",
  "parallel.virtual_pipeline":
    "Pieces of the model that each pipeline stage holds: less waiting, more in flight.",
  "parallel.microbatches":
    "Micro batches that pass the pipeline in a step; as many may be in flight as there are stages.",
  "engine.name":
    "The program that spreads training over GPUs: DDP copies all, FSDP and DeepSpeed cut, Megatron cuts the layers.",
  "engine.zero_stage":
    "DeepSpeed's ZeRO: 1 cuts optimizer states over the GPUs, 2 gradients too, 3 weights too.",
  "engine.sharding":
    "What FSDP cuts over the GPUs: everything, all but the weights, or everything within a machine.",
  "engine.offload_optimizer":
    "Where optimizer states lie: in the host's memory they cost none here and every step is slower.",
  "engine.offload_parameters":
    "Where weights wait while they are not used: in the host's memory they cost none here and every pass is slower.",
  "engine.distributed_optimizer":
    "Megatron's optimizer cuts states and master weights over the copies of the model.",
};
