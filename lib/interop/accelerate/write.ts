import type { Scenario } from "../../scenario/schema.ts";
import {
  DraftBuilder,
  engineNameOf,
  nodesOf,
} from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";
import { settingsOf } from "../writing/engine_settings.ts";
import { STRATEGIES } from "../writing/fsdp_words.ts";

const TYPES: Record<string, string> = {
  single: "NO",
  ddp: "MULTI_GPU",
  deepspeed: "DEEPSPEED",
  fsdp: "FSDP",
  fsdp2: "FSDP",
  megatron: "MEGATRON_LM",
};

/** `accelerate config`'s YAML. */
export const accelerateExport: ExportFormat = {
  id: "accelerate",
  title: "accelerate",
  file: "accelerate.yaml",
  syntax: "yaml",
  refuses: (scenario) => {
    if (scenario.task === "serve") {
      return "task must be train: accelerate's file starts training";
    }
    const engine = engineNameOf(scenario);
    if (!Object.hasOwn(TYPES, engine)) {
      return `engine.name must be one of ${
        Object.keys(TYPES).join(", ")
      }: current value is "${engine}"`;
    }
    return engine === "single" && scenario.parallel.gpus > 1
      ? `parallel.gpus must be 1 for one process: current value is ${scenario.parallel.gpus}`
      : null;
  },
  draft: (scenario) => {
    const { parallel } = scenario;
    const engine = engineNameOf(scenario);
    const nodes = nodesOf(scenario);
    const builder = new DraftBuilder();
    builder.put("compute_environment", "LOCAL_MACHINE")
      .put("debug", false)
      .put("distributed_type", TYPES[engine])
      .put("downcast_bf16", "no")
      .put("machine_rank", 0)
      .put("main_training_function", "main")
      .put("mixed_precision", mixedPrecision(scenario, builder))
      .put("num_machines", nodes)
      .put("num_processes", parallel.gpus, "parallel.gpus")
      .put("rdzv_backend", "static")
      .put("same_network", true)
      .put("use_cpu", false);
    if (scenario.engine.name === engine) builder.says("engine.name");
    if (nodes > 1) {
      builder.says("parallel.gpus_per_node")
        .note("main_process_ip and main_process_port are your machines' own");
    }
    switch (engine) {
      case "deepspeed":
        putDeepspeed(scenario, builder);
        break;
      case "fsdp":
      case "fsdp2":
        putFsdp(scenario, engine, builder);
        break;
      case "megatron":
        putMegatron(scenario, builder);
    }
    const replicas = parallel.dp_replicate;
    if (
      engine !== "megatron" &&
      (parallel.tp > 1 || parallel.cp > 1 || replicas !== null)
    ) {
      builder.put(
        "parallelism_config",
        {
          parallelism_config_tp_size: parallel.tp,
          parallelism_config_cp_size: parallel.cp,
          ...(replicas === null
            ? {}
            : { parallelism_config_dp_replicate_size: replicas }),
        },
        "parallel.tp",
        "parallel.cp",
        "parallel.dp_replicate",
      );
    }
    return builder.build();
  },
};

/** Autocast's type; the whole model's under DeepSpeed. */
function mixedPrecision(
  scenario: Scenario,
  builder: DraftBuilder,
): "no" | "bf16" | "fp16" {
  const { weights, autocast } = scenario.precision;
  if (engineNameOf(scenario) === "deepspeed") {
    if (weights !== "fp32") builder.says("precision.weights");
    return weights === "fp32" ? "no" : weights;
  }
  builder.says("precision.autocast");
  return autocast ?? "no";
}

/** What `accelerate config` asks of FSDP 1 by its own names. */
const GATHERING = ["use_orig_params", "forward_prefetch"] as const;

function putDeepspeed(
  { engine, train }: Scenario,
  builder: DraftBuilder,
): void {
  const gathers = engine.zero_stage === 3 && train.saving.gathers === "host";
  if (gathers) builder.says("train.saving.gathers");
  builder.put(
    "deepspeed_config",
    {
      gradient_accumulation_steps: train.gradient_accumulation,
      offload_optimizer_device: engine.offload_optimizer,
      offload_param_device: engine.offload_parameters,
      zero3_init_flag: engine.zero_stage === 3,
      ...(gathers ? { zero3_save_16bit_model: true } : {}),
      zero_stage: engine.zero_stage,
      ...(engine.gradient_clipping === null
        ? {}
        : { gradient_clipping: engine.gradient_clipping ? 1 : 0 }),
    },
    "engine.gradient_clipping",
    "train.gradient_accumulation",
    "engine.offload_optimizer",
    "engine.offload_parameters",
    "engine.zero_stage",
  );
}

function putFsdp(
  scenario: Scenario,
  name: string,
  builder: DraftBuilder,
): void {
  const { engine, train } = scenario;
  const offload = engine.offload_parameters === "cpu";
  const second = name === "fsdp2";
  const gathers = train.saving.gathers === "host";
  if (gathers) builder.says("train.saving.gathers");
  const config: Record<string, unknown> = {
    fsdp_activation_checkpointing: train.checkpointing === "full",
    fsdp_auto_wrap_policy: "TRANSFORMER_BASED_WRAP",
    fsdp_cpu_ram_efficient_loading: true,
    fsdp_offload_params: offload,
    fsdp_state_dict_type: gathers ? "FULL_STATE_DICT" : "SHARDED_STATE_DICT",
    fsdp_version: second ? 2 : 1,
  };
  if (second) {
    const own = engine.reshard_after_forward;
    const on = typeof own === "boolean" ? own : engine.sharding !== "grad_op";
    config["fsdp_reshard_after_forward"] = on;
    if (own === on) builder.says("engine.reshard_after_forward");
  } else {
    config["fsdp_sharding_strategy"] = STRATEGIES[engine.sharding];
    config["fsdp_sync_module_states"] = true;
    config["fsdp_use_orig_params"] = true;
    const own = settingsOf(scenario, "fsdp", builder, GATHERING);
    for (const [key, value] of Object.entries(own)) {
      config[`fsdp_${key}`] = value;
    }
  }
  builder.put("fsdp_config", config);
  if (
    !second || engine.sharding === "full" || engine.sharding === "grad_op"
  ) builder.says("engine.sharding");
  else {
    builder.note(
      `engine.sharding ${engine.sharding}: FSDP2 takes it from parallelism_config's dp_replicate_size and dp_shard_size`,
    );
  }
  if (train.checkpointing === "full") builder.says("train.checkpointing");
  if (
    engine.offload_parameters === engine.offload_optimizer &&
    engine.offload_parameters !== "nvme"
  ) builder.says("engine.offload_parameters", "engine.offload_optimizer");
}

function putMegatron(
  { parallel, train, engine }: Scenario,
  builder: DraftBuilder,
): void {
  builder.put(
    "megatron_lm_config",
    {
      megatron_lm_num_micro_batches: train.gradient_accumulation,
      megatron_lm_pp_degree: parallel.pp,
      megatron_lm_recompute_activations: train.checkpointing === "selective",
      megatron_lm_sequence_parallelism: parallel.sequence_parallel,
      megatron_lm_tp_degree: parallel.tp,
      megatron_lm_use_distributed_optimizer: engine.distributed_optimizer,
    },
    "train.gradient_accumulation",
    "parallel.pp",
    "parallel.tp",
    "parallel.sequence_parallel",
    "engine.distributed_optimizer",
  );
  if (train.checkpointing === "selective") builder.says("train.checkpointing");
}
