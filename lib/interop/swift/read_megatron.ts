import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { underscored } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import { counted, countedFact, switchOf } from "../reading/rules.ts";
import { readType } from "../reading/values.ts";
import { TRAINER_NEUTRAL } from "../training_arguments/trainer_rules.ts";
import { assumeFrozen, remarkNoImages } from "../reading/vocabulary/vision.ts";
import { megatronSwiftCommand } from "./command.ts";
import { SWIFT_NEUTRAL, SWIFT_UNEXPRESSED } from "./left_out.ts";
import {
  MEGATRON_NEUTRAL,
  MEGATRON_UNEXPRESSED,
} from "../reading/vocabulary/megatron/left_out.ts";
import { MEGATRON_PARALLEL_RULES } from "../reading/vocabulary/megatron/parallel_rules.ts";
import { MEGATRON_PRECISION_RULES } from "../reading/vocabulary/megatron/precision_rules.ts";
import {
  respelled,
  respelledReasons,
} from "../reading/vocabulary/megatron/respelled.ts";
import { MEGATRON_STEP_RULES } from "../reading/vocabulary/megatron/step_rules.ts";
import { assumeAdapters, SWIFT_FREEZES, SWIFT_RULES } from "./shared_rules.ts";

/**
 * Adapters are merged into the model that trains before safetensors are written.
 *
 * Source: modelscope/ms-swift swift/megatron/trainers/base.py, save_checkpoint
 */
const MERGED_RULE: Rule = {
  keys: ["merge_lora"],
  fields: ["train.saving.merged"],
  values: "true → true, of LoRA",
  read: (setting, draft, all) => {
    const on = switchOf(setting, draft);
    if (on === null) return;
    const tuner = plainText(all.get("tuner_type") ?? all.get("train_type"));
    if (on && tuner === "lora") {
      draft.state(setting, "train.saving.merged", true);
    } else draft.leave(setting, on ? "no adapters train" : "switched off");
  },
};

const RULES: readonly Rule[] = [
  ...SWIFT_RULES,
  counted(["max_length", "seq_length"], "train.sequence_length"),
  counted("micro_batch_size", "train.micro_batch"),
  countedFact("global_batch_size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  ...respelled([
    ...MEGATRON_PARALLEL_RULES,
    ...MEGATRON_PRECISION_RULES,
    ...MEGATRON_STEP_RULES,
  ]),
  loadedAs("torch_dtype"),
  MERGED_RULE,
];

/** The type of parameters, where a file names the checkpoint's own. */
function loadedAs(key: string): Rule {
  return {
    keys: [key],
    fields: ["precision.weights"],
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type) draft.state(setting, "precision.weights", type);
      else draft.refuse(setting, "must be bfloat16, float16 or float32");
    },
  };
}

/** Megatron-LM's flags that decide nothing, with underscores. */
const MEGATRON_FLAGS_NEUTRAL = MEGATRON_NEUTRAL.map(underscored);

/** `megatron sft` and its kin of ms-swift: swift/megatron/arguments. */
export const megatronSwiftFile: Format = {
  id: "megatron-swift",
  title: "Megatron-SWIFT",
  kind: "mapping",
  recognises: (values) =>
    "swift_command" in values ||
    "tensor_model_parallel_size" in values && "model" in values &&
      typeof values["model"] === "string" && "max_length" in values,
  command: megatronSwiftCommand,
  rules: RULES,
  unexpressed: [
    ...respelledReasons(MEGATRON_UNEXPRESSED),
    ...SWIFT_UNEXPRESSED,
  ],
  neutral: [
    ...SWIFT_NEUTRAL,
    ...TRAINER_NEUTRAL,
    ...MEGATRON_FLAGS_NEUTRAL,
  ],
  finish: finishMegatronSwift,
};

/** What it does where a flag is left out: swift/megatron/arguments/megatron_args.py. */
function finishMegatronSwift(draft: Draft, all: FileSettings): void {
  for (
    const [path, value, reason] of [
      ["engine.name", "megatron", "the command is Megatron's"],
      ["software.model_code", "megatron", "the command is Megatron's"],
      ["train.attention", "flash", "attention_backend is flash by default"],
      ["train.micro_batch", 1, "micro_batch_size is 1 by default"],
      [
        "train.checkpointing",
        "selective",
        "recompute_granularity is selective by default",
      ],
      [
        "engine.distributed_optimizer",
        true,
        "use_distributed_optimizer is on by default",
      ],
      ["parallel.etp", 1, "expert_tensor_parallel_size is 1 by default"],
      ["precision.weights", "bf16", "torch_dtype is the checkpoint's own"],
    ] as const
  ) draft.assume(path, value, reason);
  if (draft.valueAt("parallel.ep") === undefined) {
    draft.assumed.delete("parallel.etp");
  }
  if (draft.valueAt("train.checkpointing") === "selective") {
    draft.assume(
      "engine.recompute_modules",
      ["core_attn"],
      "recompute_modules is core_attn by default",
    );
  }
  if (!draft.stated.has("precision.gradients")) {
    draft.assume(
      "precision.gradients",
      "fp32",
      "main_grads_dtype is fp32 by default",
    );
  }
  if (!draft.facts.has("global_batch")) {
    draft.open(
      "train.gradient_accumulation",
      "1",
      "global_batch_size is 16 by default",
    );
  }
  if (!draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: false, key: "tuner_type" });
    draft.remark("train.method", "full", "tuner_type is full by default");
  }
  assumeAdapters(draft, all);
  assumeFrozen(draft, all, SWIFT_FREEZES);
  remarkNoImages(draft);
}
