import { isObject } from "../../scenario/fields.ts";
import { stateDeepspeedFile } from "../deepspeed/named_file.ts";
import { deepspeedFile } from "../deepspeed/read.ts";
import { applyFormat } from "../reading/apply_format.ts";
import type { Draft, FileSetting } from "../reading/draft.ts";
import { engineSettings } from "../reading/engine_settings.ts";
import type { FileSettings, Rule, Unexpressed } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  mixedIn,
  stateCheckpointing,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { isOff, readSwitch } from "../reading/values.ts";
import type { OwnEvaluation } from "../reading/vocabulary/evaluation.ts";
import {
  assumeEvaluation,
  evaluationRules,
  KEPT_BATCHES_RULE,
  TRAINER_EVALUATION,
  trainerEvaluates,
  TRAINERS_OWN,
} from "../reading/vocabulary/evaluation.ts";
import {
  FSDP_NEUTRAL,
  fsdpRules,
  fsdpUnexpressed,
  stateFsdpOffload,
  stateSharding,
} from "../reading/vocabulary/fsdp.ts";
import {
  OPTIM_ARGS_RULE,
  OPTIM_TARGETS_RULE,
} from "../reading/vocabulary/optimizer_args.ts";
import { optimizerNames } from "../reading/vocabulary/optimizer_names.ts";

/** `deepspeed` of the Trainer: a file's name, or the file itself. */
export const DEEPSPEED_RULE: Rule = {
  keys: ["deepspeed"],
  fields: ["engine.name", "engine.zero_stage", "engine.offload_optimizer"],
  values:
    "a file's name tells the stage; an object is read as DeepSpeed's; a switch has zero_stage beside it",
  read: (setting, draft, all) => {
    if (setting.value === true) stateSwitch(setting, draft, all);
    else if (isObject(setting.value)) {
      applyFormat(
        deepspeedFile,
        { kind: "mapping", values: setting.value, comments: "", notes: [] },
        draft,
        `${setting.key}.`,
      );
    } else if (isOff(setting.value)) draft.leave(setting, "switched off");
    else if (typeof setting.value === "string") {
      stateDeepspeedFile(setting, draft);
    } else draft.refuse(setting, "must be a file's name or an object");
  },
};

/** `--deepspeed --zero_stage 2`, as DeepSpeed's own examples have it. */
function stateSwitch(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
): void {
  draft.state(setting, "engine.name", "deepspeed");
  const stage = all.get("zero_stage");
  if (typeof stage === "number" && [0, 1, 2, 3].includes(stage)) {
    draft.assume("engine.zero_stage", stage, `zero_stage is ${stage}`);
    return;
  }
  draft.want({
    kind: "field",
    name: "engine.zero_stage",
    paths: ["engine.zero_stage"],
    key: setting.key,
    reason:
      `${setting.key} is switched on, and no file or zero_stage says how it shards: give engine.zero_stage`,
  });
}

/** `fsdp` of the Trainer: options in a text or a list, or a switch. */
export const FSDP_RULE: Rule = {
  keys: ["fsdp"],
  fields: ["engine.name", "engine.sharding", "engine.offload_parameters"],
  values: "full_shard, shard_grad_op, hybrid_shard, no_shard, offload",
  read: (setting, draft, all) => {
    const { key, value } = setting;
    if (isOff(value)) return draft.leave(setting, "switched off");
    const version = all.get("fsdp_config.fsdp_version") ??
      all.get("fsdp_config.version") ?? all.get("fsdp_version");
    draft.state(
      setting,
      "engine.name",
      plainText(version) === "2" ? "fsdp2" : "fsdp",
    );
    if (readSwitch(value) === true) return;
    const words = Array.isArray(value)
      ? value
      : plainText(value).split(/[\s,]+/);
    for (const word of words) {
      if (word === "auto_wrap" || word === "") continue;
      if (word === "offload") {
        stateFsdpOffload({ key, value: true }, draft);
      } else stateSharding({ key, value: word }, draft);
    }
  },
};

/** TRL's and transformers' checkpoints that wait on the host. */
export const GRADIENT_OFFLOAD_RULE: Rule = {
  keys: ["gradient_checkpointing_kwargs.offload"],
  fields: ["train.checkpoint_offload"],
  values: "true → true",
  read: (setting, draft) => {
    const on = switchOf(setting, draft);
    if (on) draft.state(setting, "train.checkpoint_offload", true);
    else if (on === false) draft.leave(setting, "switched off");
  },
};

/**
 * Settings of transformers' TrainingArguments that move memory, as
 * src/transformers/training_args.py documents them.
 */
export const TRAINER_RULES: readonly Rule[] = [
  counted(
    ["per_device_train_batch_size", "per_gpu_train_batch_size"],
    "train.micro_batch",
  ),
  counted("gradient_accumulation_steps", "train.gradient_accumulation"),
  ...evaluationRules(TRAINER_EVALUATION, trainerEvaluates),
  KEPT_BATCHES_RULE,
  mixedIn("bf16", "bf16"),
  mixedIn("fp16", "fp16"),
  optimizerNames(["optim"]),
  OPTIM_ARGS_RULE,
  OPTIM_TARGETS_RULE,
  counted("torch_empty_cache_steps", "train.empty_cache_steps"),
  DEEPSPEED_RULE,
  FSDP_RULE,
  ...fsdpRules("fsdp_config").map((rule) => ({
    ...rule,
    read: ((setting, draft, all) => {
      // A dump of TrainingArguments holds an fsdp_config whatever the engine.
      if (all.has("fsdp") && isOff(all.get("fsdp"))) {
        draft.leave(setting, "fsdp is switched off");
      } else rule.read(setting, draft, all);
    }) as Rule["read"],
  })),
  {
    keys: ["use_liger_kernel", "enable_liger_kernel", "use_liger"],
    fields: ["train.kernels", "train.loss"],
    values: "true → liger and fused",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) draft.leave(setting, "switched off");
      if (!on) return;
      draft.state(setting, "train.kernels", "liger");
      const key = "liger_kernel_config.fused_linear_cross_entropy";
      if (readSwitch(all.get(key) ?? true) === true) {
        draft.state(setting, "train.loss", "fused");
      }
    },
  },
  {
    keys: ["liger_kernel_config.fused_linear_cross_entropy"],
    fields: ["train.loss"],
    values: "false → full",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) draft.state(setting, "train.loss", "full");
      else if (on && !all.has("use_liger_kernel")) {
        draft.leave(setting, "use_liger_kernel is not set");
      }
    },
  },
  {
    keys: ["torch_compile"],
    fields: ["train.kernels"],
    values: "true → compile",
    read: (setting, draft) => {
      const on = setting.value === "auto" ? false : switchOf(setting, draft);
      if (on === false) draft.leave(setting, "switched off");
      if (!on) return;
      if (draft.valueAt("train.kernels") === "liger") {
        draft.leave(setting, "liger's kernels are counted alone", true);
      } else draft.state(setting, "train.kernels", "compile");
    },
  },
  counted(["tp_size"], "parallel.tp"),
  GRADIENT_OFFLOAD_RULE,
  ...engineSettings("ddp", (name) => [`ddp_${name}`], [
    "bucket_cap_mb",
    "static_graph",
  ]),
];

/** Gradient checkpointing where the file's own default is off. */
export const CHECKPOINTING_RULE: Rule = {
  keys: ["gradient_checkpointing"],
  fields: ["train.checkpointing"],
  values: "true → full, false → none",
  read: (setting, draft) => {
    const on = switchOf(setting, draft);
    if (on !== null) stateCheckpointing(setting, draft, on);
  },
};

/** Settings of TrainingArguments that no field says. */
export const TRAINER_UNEXPRESSED: readonly Unexpressed[] = [
  ...fsdpUnexpressed("fsdp_config"),
  unexpressed(
    ["accelerate_config"],
    "its engine and number of GPUs are not given: give that file too",
  ),
  unexpressed(
    ["auto_find_batch_size"],
    "the batch is halved until it fits; the batch given is estimated",
  ),
  unexpressed(
    ["neftune_noise_alpha", "use_cache"],
    "no field says it",
  ),
  unexpressed(
    [
      "liger_kernel_config.rope",
      "liger_kernel_config.rms_norm",
      "liger_kernel_config.swiglu",
      "liger_kernel_config.cross_entropy",
    ],
    "Liger's kernels are counted together",
  ),
  unexpressed("fsdp_config", "a file of FSDP's settings is not given"),
  unexpressed("use_cpu", "training on the CPU takes no GPU memory"),
  unexpressed(
    "parallelism_config",
    "its sizes are read from accelerate's own file",
  ),
];

/** Settings of TrainingArguments that decide no memory of a training step. */
export const TRAINER_NEUTRAL: readonly RegExp[] = [
  ...FSDP_NEUTRAL,
  /^fsdp_config\.(?:xla|min_num_params)|^fsdp_(?:min_num_params|transformer_layer_cls_to_wrap)$/,
  anyKeyOf(KEY_END.wordOrSection)`
    do eval evaluation logging log save hub push_to_hub report_to run_name
    dataloader lr warmup ddp mp tpu torch_compile jit_mode debug metric label
    load_best early_stopping prediction predict generation skip_memory
    ignore_data batch_eval remove_unused length_column group_by average_tokens
    accelerator_config project trackio train_sampling
  `,
  anyKeyOf(KEY_END.whole)`
    output_dir overwrite_output_dir logging_dir learning_rate weight_decay
    adam_\w+ max_grad_norm num_train_epochs max_steps seed data_seed
    full_determinism local_rank resume_from_checkpoint greater_is_better
    disable_tqdm past_index no_cuda use_ipex use_mps_device tf32
    half_precision_backend fp16_opt_level fp16_backend (?:bf|fp)16_full_eval
    include_\w+ restore_callback_\w+ ray_scope torchdynamo split_batches
    dispatch_batches sortish_sampler enable_jit_checkpoint xla_\w+
    deepspeed_plugin gradient_checkpointing_kwargs.* distributed_state.*
    compute_metrics
    completion_only_loss auto_find_batch_size
  `,
];

/** What transformers fills in where TrainingArguments do not say. */
export function assumeTrainer(
  draft: Draft,
  all: FileSettings,
  evaluation: OwnEvaluation = TRAINERS_OWN,
): void {
  draft.assume(
    "train.micro_batch",
    8,
    "per_device_train_batch_size is 8 where it is not given",
  );
  assumeEvaluation(draft, all, evaluation);
  if (!all.has("optim") && !draft.stated.has("optimizer.name")) {
    draft.assume(
      "optimizer.implementation",
      "fused",
      "optim is adamw_torch_fused where it is not given (torch 2.8 and later)",
    );
  }
  assumeAttention(draft);
}

/** The attention that transformers takes by itself. */
export function assumeAttention(draft: Draft): void {
  draft.assume(
    "train.attention",
    "sdpa",
    "transformers takes sdpa where no kernel is named",
  );
}
