import { isObject } from "../../scenario/fields.ts";
import { stateDeepspeedFile } from "../deepspeed/named_file.ts";
import { clipping } from "../reading/engine_settings.ts";
import type { Format } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  countedFact,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { isOff, readSwitch } from "../reading/values.ts";
import { shippedFile } from "../reading/shipped.ts";
import { GATHERED } from "../reading/vocabulary/float8.ts";
import { gatheredWeightsRule } from "../reading/vocabulary/saving.ts";
import { accelerateLaunch } from "./launch.ts";
import SHIPPED from "./shipped.json" with { type: "json" };
import {
  FSDP_NEUTRAL,
  fsdpRules,
  fsdpUnexpressed,
  replicatesRule,
} from "../reading/vocabulary/fsdp.ts";

const TYPES: Record<string, string> = {
  NO: "single",
  MULTI_GPU: "ddp",
  DEEPSPEED: "deepspeed",
  FSDP: "fsdp",
  MEGATRON_LM: "megatron",
};

/** `accelerate config`'s YAML: ClusterConfig of accelerate's commands/config. */
export const accelerateFile: Format = {
  id: "accelerate",
  title: "accelerate",
  kind: "mapping",
  command: accelerateLaunch,
  shipped: (path) => shippedFile(SHIPPED, path, "accelerate_configs"),
  recognises: (values) =>
    "compute_environment" in values || "distributed_type" in values ||
    ("num_processes" in values &&
      ("mixed_precision" in values || "num_machines" in values)),
  rules: [
    {
      keys: ["distributed_type"],
      fields: ["engine.name"],
      values:
        "NO → single, MULTI_GPU → ddp, DEEPSPEED → deepspeed, FSDP → fsdp or fsdp2, MEGATRON_LM → megatron",
      read: (setting, draft, all) => {
        const type = plainText(setting.value).toUpperCase()
          .replace(/^DISTRIBUTEDTYPE\./, "");
        const name = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
        const second = plainText(all.get("fsdp_config.fsdp_version")) === "2";
        if (!name) {
          draft.leave(
            setting,
            `only ${Object.keys(TYPES).join(", ")} are known`,
            true,
          );
        } else {
          draft.state(
            setting,
            "engine.name",
            name === "fsdp" && second ? "fsdp2" : name,
          );
        }
      },
    },
    counted("num_processes", "parallel.gpus"),
    countedFact("num_machines", "nodes", ["parallel.gpus_per_node"]),
    {
      keys: ["mixed_precision"],
      fields: ["precision.autocast", "precision.weights"],
      values: "no, fp16, bf16; fp8 → tensorwise by torchao, or delayed",
      read: (setting, draft, all) => {
        const type = isOff(setting.value) ? "no" : plainText(setting.value);
        if (type === "no" || type === "bf16" || type === "fp16") {
          draft.fact(setting, "mixed_precision", type);
        } else if (type === "fp8") {
          const backend = plainText(all.get("fp8_config.backend") ?? "TE");
          draft.state(
            setting,
            "precision.fp8",
            /^(?:ao|torchao)$/i.test(backend) ? "tensorwise" : "delayed",
          );
          draft.assume("precision.autocast", "bf16", "mixed_precision is fp8");
        } else draft.refuse(setting, "must be no, fp16, bf16 or fp8");
      },
    },
    {
      keys: ["fp8_config.backend"],
      fields: ["precision.fp8"],
      values: "TE, AO, TORCHAO, with mixed_precision fp8",
      read: (setting, draft, all) => {
        if (plainText(all.get("mixed_precision")) !== "fp8") {
          draft.leave(setting, "mixed_precision is not fp8");
        }
      },
    },
    {
      keys: ["fp8_config.enable_fsdp_float8_all_gather"],
      fields: [],
      read: (setting, draft) =>
        draft.leave(setting, GATHERED, readSwitch(setting.value) === true),
    },
    ...fsdpRules("fsdp_config").map((rule) => ({
      ...rule,
      read: ((setting, draft, all) => {
        // The version is accounted for with the type.
        if (/version$/.test(setting.key) && all.has("distributed_type")) {
          const type = plainText(all.get("distributed_type")).toUpperCase();
          if (type === "FSDP") return rule.read(setting, draft, all);
          return draft.leave(setting, `distributed_type is ${type}`);
        }
        rule.read(setting, draft, all);
      }) as typeof rule.read,
    })),
    {
      keys: ["deepspeed_config.deepspeed_config_file"],
      fields: ["engine.name", "engine.zero_stage"],
      values: "its name tells the stage; give the file too",
      read: stateDeepspeedFile,
    },
    {
      keys: ["deepspeed_config.zero_stage"],
      fields: ["engine.zero_stage", "engine.name"],
      values: "0 … 3",
      read: (setting, draft) => {
        draft.state(setting, "engine.name", "deepspeed");
        draft.state(setting, "engine.zero_stage", setting.value);
      },
    },
    ...(["optimizer", "param"] as const).map((part) => ({
      keys: [`deepspeed_config.offload_${part}_device`],
      fields: [
        part === "param"
          ? "engine.offload_parameters"
          : "engine.offload_optimizer",
      ],
      values: "none, cpu, nvme",
      read: ((setting, draft) =>
        draft.state(
          setting,
          part === "param"
            ? "engine.offload_parameters"
            : "engine.offload_optimizer",
          isOff(setting.value) ? "none" : setting.value,
        )) as Format["rules"][number]["read"],
    })),
    {
      keys: ["deepspeed_config.gradient_accumulation_steps"],
      fields: ["train.gradient_accumulation"],
      values: "auto → the Trainer's",
      read: (setting, draft) => {
        if (setting.value === "auto") {
          draft.open(
            "train.gradient_accumulation",
            "1",
            `${setting.key} is auto: the Trainer's own setting decides it`,
          );
        } else {
          draft.state(setting, "train.gradient_accumulation", setting.value);
        }
      },
    },
    gatheredWeightsRule(
      ["deepspeed_config.zero3_save_16bit_model"],
      "deepspeed_config.zero_stage",
    ),
    replicatesRule("parallelism_config.parallelism_config_dp_replicate_size"),
    clipping(
      "deepspeed_config.gradient_clipping",
      "megatron_lm_config.megatron_lm_gradient_clipping",
    ),
    counted("parallelism_config.parallelism_config_tp_size", "parallel.tp"),
    counted("parallelism_config.parallelism_config_cp_size", "parallel.cp"),
    counted("megatron_lm_config.megatron_lm_tp_degree", "parallel.tp"),
    counted("megatron_lm_config.megatron_lm_pp_degree", "parallel.pp"),
    counted(
      "megatron_lm_config.megatron_lm_num_micro_batches",
      "train.gradient_accumulation",
    ),
    {
      keys: ["megatron_lm_config.megatron_lm_sequence_parallelism"],
      fields: ["parallel.sequence_parallel"],
      read: (setting, draft) => {
        const on = switchOf(setting, draft);
        if (on !== null) draft.state(setting, "parallel.sequence_parallel", on);
      },
    },
    {
      keys: ["megatron_lm_config.megatron_lm_recompute_activations"],
      fields: ["train.checkpointing"],
      values: "true → selective",
      read: (setting, draft) => {
        const on = switchOf(setting, draft);
        if (on) draft.state(setting, "train.checkpointing", "selective");
        else if (on === false) draft.leave(setting, "switched off");
      },
    },
    {
      keys: ["megatron_lm_config.megatron_lm_use_distributed_optimizer"],
      fields: ["engine.distributed_optimizer"],
      read: (setting, draft) => {
        const on = switchOf(setting, draft);
        if (on !== null) {
          draft.state(setting, "engine.distributed_optimizer", on);
        }
      },
    },
  ],
  unexpressed: [
    ...fsdpUnexpressed("fsdp_config"),
    unexpressed(
      [
        "parallelism_config.parallelism_config_sp_size",
        "parallelism_config.parallelism_config_sp_backend",
      ],
      "Ulysses sequence parallelism has no field",
    ),
    unexpressed(
      "parallelism_config.parallelism_config_dp_shard_size",
      "the GPUs that replicas leave share the shards",
      false,
    ),
    unexpressed("dynamo_config", "no field says it", false),
    unexpressed("use_cpu", "training on the CPU takes no GPU memory"),
  ],
  neutral: [
    ...FSDP_NEUTRAL,
    anyKeyOf()`
    compute_environment debug downcast_bf16 enable_cpu_affinity machine_rank
    main_process_ip main_process_port main_training_function rdzv_backend
    same_network gpu_ids mpirun_config command_file commands use_cpu
    num_cpu_threads_per_process rdzv_conf role max_restarts monitor_interval
    tee log_dir quiet q m module no_python
  `,
    /^tpu_/,
    /^fp8_config\.(?:amax|fp8_format|interval|margin|override|pad_inner|use_autocast|use_during)/,
    /^deepspeed_config\./,
    /^parallelism_config\.parallelism_config_(?:cp|sp)_/,
    /^megatron_lm_config\./,
    anyKeyOf()`
    ec2_instance_type iam_role_name image_uri profile region base_job_name
    py_version pytorch_version transformers_version sagemaker_ additional_args
  `,
  ],
  finish: (draft, all) => {
    const engine = draft.stated.get("engine.name")?.value;
    for (
      const [section, names] of [
        ["fsdp_config", ["fsdp", "fsdp2"]],
        ["deepspeed_config", ["deepspeed"]],
      ] as const
    ) {
      const given = all.get(section);
      if (
        engine === undefined || !isObject(given) ||
        Object.keys(given).length === 0 ||
        (names as readonly string[]).includes(plainText(engine))
      ) continue;
      draft.problems.push({
        path: section,
        message:
          `${section} and distributed_type contradict each other: the engine is ${engine}`,
      });
    }
  },
};
