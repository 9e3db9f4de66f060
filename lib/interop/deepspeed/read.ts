import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { clipping, engineSettings } from "../reading/engine_settings.ts";
import { plainText } from "../reading/plain_text.ts";
import { countOf, switchOf } from "../reading/rules.ts";
import { stateOptimizer } from "../reading/vocabulary/optimizer_names.ts";
import { gatheredWeightsRule } from "../reading/vocabulary/saving.ts";
import { countOrAuto, orAuto } from "./auto.ts";
import { DEEPSPEED_NEUTRAL, DEEPSPEED_UNEXPRESSED } from "./left_out.ts";
import { DEEPSPEED_PRECISION_RULES } from "./precision_rules.ts";

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

/** Names of ZeRO's settings, with and without the prefix of stage 3. */
function zeroKeys(name: string): string[] {
  return [...new Set([name, name.replace(/^stage3_/, "")])]
    .map((each) => `zero_optimization.${each}`);
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

/**
 * DeepSpeed's JSON: docs/_pages/config-json.md and the examples of its users.
 * The stage and the types are the engine's; batches may be the Trainer's.
 */
export const deepspeedFile: Format = {
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
    countOrAuto("train_micro_batch_size_per_gpu", "train.micro_batch"),
    countOrAuto("gradient_accumulation_steps", "train.gradient_accumulation"),
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
    ...DEEPSPEED_PRECISION_RULES,
    ...engineSettings("deepspeed", zeroKeys).filter(({ fields }) =>
      !fields.includes("engine.grad_accum_dtype")
    ),
    gatheredWeightsRule(
      ["stage3_gather_16bit", "stage3_gather_fp16"].flatMap((name) =>
        zeroKeys(`${name}_weights_on_model_save`)
      ),
      "zero_optimization.stage",
    ),
    clipping("gradient_clipping"),
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
    countOrAuto("tensor_parallel.autotp_size", "parallel.tp"),
    {
      keys: ["sequence_parallel_size"],
      fields: ["parallel.cp", "parallel.cp_kind"],
      values: "Ulysses' split of sequences, taken as context parallelism",
      read: (setting, draft) => {
        const count = countOf(setting, draft);
        if (count === null) return;
        draft.state(setting, "parallel.cp", count);
        if (count > 1) draft.state(setting, "parallel.cp_kind", "ulysses");
        draft.remark(
          "parallel.cp",
          String(count),
          "Ulysses sequence parallelism is taken as context parallelism",
        );
      },
    },
  ],
  unexpressed: DEEPSPEED_UNEXPRESSED,
  neutral: DEEPSPEED_NEUTRAL,
  finish: finishDeepspeed,
};

function finishDeepspeed(draft: Draft, all: FileSettings): void {
  const key = `${all.prefix}zero_optimization.stage`;
  if (draft.stated.get("engine.name")?.value === "deepspeed") return;
  // A file without a stage still starts the engine, at stage 0.
  draft.assume("engine.name", "deepspeed", "the file is DeepSpeed's");
  draft.open("engine.zero_stage", "0", `${key} is not given`);
}
