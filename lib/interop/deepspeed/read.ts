import type { Draft, Setting } from "../draft/draft.ts";
import type { Format, Rule, Settings } from "../draft/format.ts";
import { stateOptimizer } from "../names/optimizer_names.ts";
import { countOf, switchOf, unexpressed } from "../draft/rules.ts";
import { readType } from "../draft/values.ts";
import { plainText } from "../draft/plain_text.ts";

/** The Trainer's settings that a file's "auto" stands for. */
const AUTO = "auto: the Trainer's own setting decides it";

/** A rule whose value may be "auto". */
function orAuto(
  key: string,
  path: string,
  usual: string,
  read: Rule["read"],
  values = "auto → the Trainer's",
): Rule {
  return {
    keys: [key],
    fields: [path],
    values,
    read: (setting, draft, all) => {
      if (setting.value === "auto") {
        draft.open(path, usual, `${setting.key} is ${AUTO}`);
      } else read(setting, draft, all);
    },
  };
}

function countTo(key: string, path: string): Rule {
  return orAuto(key, path, "1", (setting, draft) => {
    const count = countOf(setting, draft);
    if (count !== null) draft.state(setting, path, count);
  });
}

/** Which device a part is offloaded to. */
function offload(key: string, path: string): Rule {
  return {
    keys: [`zero_optimization.${key}.device`],
    fields: [path],
    values: "none, cpu, nvme",
    read: (setting, draft) => {
      const device = plainText(setting.value);
      if (["none", "cpu", "nvme"].includes(device)) {
        draft.state(setting, path, device);
      } else draft.refuse(setting, "must be none, cpu or nvme");
    },
  };
}

/** Older files offload by a switch. */
function oldOffload(key: string, path: string): Rule {
  return {
    keys: [`zero_optimization.${key}`],
    fields: [path],
    values: "true → cpu (older files)",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on !== null) draft.state(setting, path, on ? "cpu" : "none");
    },
  };
}

function enabled(key: "bf16" | "fp16"): Rule {
  return {
    keys: [`${key}.enabled`],
    fields: ["precision.weights"],
    values: `true → ${key}, with fp32 master weights in the engine`,
    read: (setting, draft) => {
      if (setting.value === "auto") {
        draft.open("precision.weights", "bf16", `${setting.key} is ${AUTO}`);
        return;
      }
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "precision.weights", key);
      else if (on === false) draft.leave(setting, "switched off");
    },
  };
}

/**
 * DeepSpeed's JSON: docs/_pages/config-json.md and the examples of its users.
 * The stage and the types are the engine's; batches may be the Trainer's.
 */
export const deepspeed: Format = {
  id: "deepspeed",
  title: "DeepSpeed",
  kind: "mapping",
  recognises: (values) =>
    [
      "zero_optimization",
      "train_micro_batch_size_per_gpu",
      "zero_allow_untested_optimizer",
      "wall_clock_breakdown",
    ].some((key) => key in values) ||
    ("train_batch_size" in values &&
      typeof values["optimizer"] === "object"),
  rules: [
    {
      keys: ["zero_optimization.stage"],
      fields: ["engine.zero_stage", "engine.name"],
      values: "0 … 3",
      read: (setting, draft) => {
        draft.state(setting, "engine.name", "deepspeed");
        draft.state(setting, "engine.zero_stage", setting.value);
      },
    },
    countTo("train_micro_batch_size_per_gpu", "train.micro_batch"),
    countTo("gradient_accumulation_steps", "train.gradient_accumulation"),
    orAuto(
      "train_batch_size",
      "train.gradient_accumulation",
      "1",
      (setting, draft) => {
        const count = countOf(setting, draft);
        if (count !== null) draft.fact(setting, "global_batch", count);
      },
      "= micro batch × accumulation × replicas; the missing one follows",
    ),
    enabled("bf16"),
    enabled("fp16"),
    {
      keys: ["torch_autocast.enabled"],
      fields: ["precision.autocast"],
      values: "true → the type in torch_autocast.dtype, bf16 without",
      read: (setting, draft, all) => {
        const on = switchOf(setting, draft);
        if (on === null) return;
        if (!on) return draft.leave(setting, "switched off");
        const type = readType(all.get("torch_autocast.dtype") ?? "bfloat16");
        if (type === "bf16" || type === "fp16") {
          draft.state(setting, "precision.autocast", type);
          draft.assume(
            "precision.weights",
            "fp32",
            "torch_autocast keeps parameters in fp32",
          );
        } else draft.refuse(setting, "needs a dtype of bfloat16 or float16");
      },
    },
    {
      keys: ["torch_autocast.dtype"],
      fields: ["precision.autocast"],
      values: "bfloat16, float16",
      read: () => {},
    },
    {
      keys: ["bf16.bf16_master_weights_and_grads"],
      fields: ["precision.master_weights"],
      values: "true → none",
      read: (setting, draft) => {
        const on = switchOf(setting, draft);
        if (on) draft.state(setting, "precision.master_weights", "none");
        else if (on === false) draft.leave(setting, "switched off");
      },
    },
    {
      keys: ["bf16.bf16_optimizer_states"],
      fields: ["precision.optimizer_states"],
      values: "true → bf16",
      read: (setting, draft) => {
        const on = switchOf(setting, draft);
        if (on) draft.state(setting, "precision.optimizer_states", "bf16");
        else if (on === false) draft.leave(setting, "switched off");
      },
    },
    {
      keys: ["data_types.grad_accum_dtype"],
      fields: ["precision.gradients"],
      values: "fp32; another → as the parameters",
      read: (setting, draft) => {
        const type = readType(setting.value);
        if (type === null) draft.refuse(setting, "must be fp32, bf16 or fp16");
        else if (type === "fp32") {
          draft.state(setting, "precision.gradients", "fp32");
        } else draft.leave(setting, "gradients lie in the parameters' type");
      },
    },
    offload("offload_optimizer", "engine.offload_optimizer"),
    offload("offload_param", "engine.offload_parameters"),
    oldOffload("cpu_offload", "engine.offload_optimizer"),
    oldOffload("cpu_offload_params", "engine.offload_parameters"),
    {
      keys: ["optimizer.type"],
      fields: ["optimizer.name", "optimizer.bits"],
      values: "Adam, AdamW, Lamb, Lion, Muon, OneBitAdam …",
      read: (setting, draft, all) => {
        const adamw = all.get("optimizer.params.adam_w_mode");
        const type = plainText(setting.value);
        stateOptimizer(
          setting,
          draft,
          type === "Adam" && adamw !== false ? "adamw" : type,
        );
      },
    },
    countTo("tensor_parallel.autotp_size", "parallel.tp"),
    {
      keys: ["sequence_parallel_size"],
      fields: ["parallel.cp"],
      values: "Ulysses' split of sequences, taken as context parallelism",
      read: (setting, draft) => {
        const count = countOf(setting, draft);
        if (count === null) return;
        draft.state(setting, "parallel.cp", count);
        draft.remark(
          "parallel.cp",
          String(count),
          "Ulysses sequence parallelism is taken as context parallelism",
        );
      },
    },
  ],
  unexpressed: [
    unexpressed(
      [
        "zero_optimization.reduce_bucket_size",
        "zero_optimization.allgather_bucket_size",
        "zero_optimization.stage3_prefetch_bucket_size",
        "zero_optimization.stage3_max_live_parameters",
        "zero_optimization.stage3_max_reuse_distance",
        "zero_optimization.stage3_param_persistence_threshold",
        "zero_optimization.prefetch_bucket_size",
        "zero_optimization.param_persistence_threshold",
        "zero_optimization.max_live_parameters",
        "zero_optimization.max_reuse_distance",
        "zero_optimization.overlap_comm",
      ],
      "DeepSpeed's own buffers are counted at their usual sizes",
    ),
    unexpressed(
      [
        "zero_optimization.sub_group_size",
        "zero_optimization.contiguous_gradients",
        "zero_optimization.reduce_scatter",
        "zero_optimization.allgather_partitions",
        "zero_optimization.round_robin_gradients",
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
  ],
  neutral: [
    /^gradient_clipping$|^prescale_gradients$|^gradient_predivide_factor$/,
    /^(?:fp16|bf16)\./,
    /^optimizer\.params\.|^scheduler(?:\.|$)/,
    /^steps_per_print$|^wall_clock_breakdown$|^dump_state$|^memory_breakdown$/,
    /^zero_allow_untested_optimizer$|^zero_force_ds_cpu_optimizer$/,
    /^communication_data_type$|^seq_parallel_communication_data_type$/,
    /^zero_optimization\.(?:(?:stage3_)?gather_(?:16bit|fp16)_weights_on_model_save|load_from_fp32_weights|elastic_checkpoint|ignore_unused_parameters|offload_(?:optimizer|param)\.(?:pin_memory|nvme_path|fast_init|pipeline_\w+)|use_multi_rank_bucket_allreduce|log_trace_cache_warnings|save_muon_momentum_buffer_in_memory)$/,
    /^(?:_comment|comms_config|aio|flops_profiler|comms_logger|tensorboard|wandb|csv_monitor|comet|monitor_config|elasticity|autotuning|checkpoint|data_efficiency|curriculum_learning|compile|eigenvalue|progressive_layer_drop|amp|nebula|timers)(?:\.|$)/,
    /^torch_autocast\.|^train_steps$|^data_types\.|^managed_gradient_accumulation$|^disable_allgather$|^sparse_gradients$|^dataloader_drop_last$|^zero_optimization\.leaf_module/,
  ],
  finish: finishDeepspeed,
};

function finishDeepspeed(draft: Draft, all: Settings): void {
  const key = `${all.prefix}zero_optimization.stage`;
  if (draft.stated.get("engine.name")?.value === "deepspeed") return;
  // A file without a stage still starts the engine, at stage 0.
  draft.assume("engine.name", "deepspeed", "the file is DeepSpeed's");
  draft.open("engine.zero_stage", "0", `${key} is not given`);
}

/**
 * A file of DeepSpeed that is named and not given: its name often tells the
 * stage and what is offloaded, as the examples of LLaMA-Factory, Axolotl and
 * transformers do.
 */
export function stateDeepspeedFile(setting: Setting, draft: Draft): void {
  const name = plainText(setting.value);
  draft.state(setting, "engine.name", "deepspeed");
  const file = name.split(/[\\/]/).at(-1) ?? name;
  const stage =
    file.match(/(?:^|[^a-z0-9])(?:z|zero)[-_]?(?:stage)?[-_]?([0-3])/i)
      ?.[1] ?? file.match(/stage[-_]?([0-3])/i)?.[1];
  const reason = `${setting.key} names the file ${file.slice(0, 80)}`;
  if (stage === undefined) {
    draft.open(
      "engine.zero_stage",
      "0",
      `${reason}, which is not given: give it too`,
    );
    return;
  }
  draft.assume(
    "engine.zero_stage",
    Number(stage),
    `${reason}; give it too to be sure`,
  );
  if (!/offload/i.test(file)) return;
  draft.assume("engine.offload_optimizer", "cpu", `${reason}, by its name`);
  if (stage === "3" && !/optim/i.test(file) && !/param/i.test(file)) {
    draft.assume("engine.offload_parameters", "cpu", `${reason}, by its name`);
  }
}
