import type { Unexpressed } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";

/** Settings that move memory and have no field, or none that says all. */
export const DEEPSPEED_UNEXPRESSED: readonly Unexpressed[] = [
  unexpressed(
    [
      "zero_optimization.reduce_scatter",
      "zero_optimization.allgather_partitions",
    ],
    "counted as DeepSpeed has it by default",
    false,
  ),
  unexpressed(
    [
      "zero_optimization.zero_hpz_partition_size",
      "zero_optimization.zero_quantized_weights",
      "zero_optimization.zero_quantized_nontrainable_weights",
      "zero_optimization.zero_quantized_gradients",
      "zero_optimization.mics_shard_size",
      "zero_optimization.mics_hierarchical_params_gather",
    ],
    "ZeRO++ and MiCS shard and gather in ways that no field says",
  ),
  unexpressed(
    [
      "zero_optimization.offload_optimizer.ratio",
      "zero_optimization.offload_param.buffer_count",
      "zero_optimization.offload_param.buffer_size",
      "zero_optimization.offload_param.max_in_cpu",
      "zero_optimization.offload_optimizer.buffer_count",
    ],
    "offloading is all or nothing in a scenario",
  ),
  unexpressed(
    [
      "activation_checkpointing.partition_activations",
      "activation_checkpointing.cpu_checkpointing",
      "activation_checkpointing.contiguous_memory_optimization",
      "activation_checkpointing.number_checkpoints",
    ],
    "it acts on models that call DeepSpeed's own checkpointing",
  ),
  unexpressed(
    ["compression_training", "sparse_attention", "hybrid_engine", "amp"],
    "no field says it",
  ),
  unexpressed(
    ["fp16.fp16_master_weights_and_grads", "pipeline", "checkpoint.tag"],
    "no field says it",
  ),
  unexpressed("compile.deepcompile", "compiled ZeRO is not known"),
  unexpressed(
    "zero_optimization.zenflow",
    "ZenFlow, which keeps and steps the most important gradients on the GPU, is not played: the optimizer's offload is, as ZeRO has it without",
  ),
  unexpressed(
    "zero_optimization.offload_optimizer.super_offload",
    "SuperOffload, which steps in a process of its own and keeps parts on the GPU, is not played: ZeRO 3's offload is",
  ),
];

/** Settings that decide no memory of a training step. */
export const DEEPSPEED_NEUTRAL: readonly RegExp[] = [
  /^prescale_gradients$|^gradient_predivide_factor$/,
  /^(?:fp16|bf16)\./,
  /^optimizer\.params\.|^scheduler(?:\.|$)/,
  /^steps_per_print$|^wall_clock_breakdown$|^dump_state$|^memory_breakdown$/,
  /^zero_allow_untested_optimizer$|^zero_force_ds_cpu_optimizer$/,
  /^communication_data_type$|^seq_parallel_communication_data_type$/,
  anyKeyOf(KEY_END.whole, String.raw`zero_optimization\.`)`
    load_from_fp32_weights elastic_checkpoint ignore_unused_parameters
    offload_(?:optimizer|param)\.(?:pin_memory|nvme_path|fast_init|pipeline_\w+)
    use_multi_rank_bucket_allreduce log_trace_cache_warnings
    save_muon_momentum_buffer_in_memory
  `,
  anyKeyOf(KEY_END.section)`
    _comment comms_config aio flops_profiler comms_logger tensorboard wandb
    csv_monitor comet monitor_config elasticity autotuning checkpoint
    data_efficiency curriculum_learning compile eigenvalue
    progressive_layer_drop amp nebula timers
  `,
  /^torch_autocast\.|^train_steps$|^data_types\.|^managed_gradient_accumulation$|^disable_allgather$|^sparse_gradients$|^dataloader_drop_last$|^zero_optimization\.leaf_module/,
];
