import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import {
  counted,
  loadedIn,
  stateCheckpointing,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { plainText } from "../reading/plain_text.ts";
import { readCount, readSwitch } from "../reading/values.ts";
import { assumeFrozen, remarkNoImages } from "../reading/vocabulary/vision.ts";
import {
  assumeTrainer,
  TRAINER_NEUTRAL,
  TRAINER_RULES,
  TRAINER_UNEXPRESSED,
} from "../training_arguments/trainer_rules.ts";
import { OPTIMIZER_RULES } from "./optimizer_rules.ts";
import { swiftCommand } from "./command.ts";
import { SWIFT_NEUTRAL, SWIFT_UNEXPRESSED } from "./left_out.ts";
import { assumeAdapters, SWIFT_FREEZES, SWIFT_RULES } from "./shared_rules.ts";
import type { OwnEvaluation } from "../reading/vocabulary/evaluation.ts";
import {
  evaluationRules,
  swiftEvaluates,
  TRAINER_EVALUATION,
} from "../reading/vocabulary/evaluation.ts";

const RULES: readonly Rule[] = [
  ...SWIFT_RULES,
  ...OPTIMIZER_RULES,
  counted("max_length", "train.sequence_length"),
  counted("sequence_parallel_size", "parallel.cp"),
  loadedIn(["torch_dtype"]),
  {
    keys: ["quant_bits", "quantization_bit"],
    fields: ["quantization.weights", "train.method"],
    values:
      "4 → nf4-dq (nf4 without bnb_4bit_use_double_quant), 8 → int8; hqq 4 → hqq-int4",
    read: (setting, draft, all) => {
      const bits = readCount(setting.value);
      const method = plainText(all.get("quant_method") ?? "bnb");
      const twice = readSwitch(all.get("bnb_4bit_use_double_quant")) ?? true;
      if (method === "bnb" && bits === 4) {
        draft.state(setting, "quantization.weights", twice ? "nf4-dq" : "nf4");
      } else if (method === "hqq" && bits === 4) {
        draft.state(setting, "quantization.weights", "hqq-int4");
      } else if (bits === 8) {
        draft.state(setting, "quantization.weights", "int8");
      } else draft.refuse(setting, "must be 4 or 8");
    },
  },
  {
    keys: [
      "bnb_4bit_use_double_quant",
      "bnb_4bit_quant_type",
      "bnb_4bit_compute_dtype",
      "bnb_4bit_quant_storage",
    ],
    fields: ["quantization.weights"],
    values: "with quant_bits",
    read: (setting, draft, all) => {
      if (!all.has("quant_bits")) draft.leave(setting, "quant_bits is not set");
    },
  },
  {
    keys: ["gradient_checkpointing"],
    fields: ["train.checkpointing"],
    values: "true → full, false → none",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on !== null) stateCheckpointing(setting, draft, on);
    },
  },
  {
    keys: ["nproc_per_node"],
    fields: ["parallel.gpus"],
    read: (setting, draft) => {
      const count = readCount(setting.value);
      if (count === null) {
        draft.refuse(setting, "must be a whole number above 0");
      } else draft.state(setting, "parallel.gpus", count);
    },
  },
  {
    keys: ["fsdp"],
    fields: ["engine.name", "train.checkpointing"],
    values: "fsdp2 → fsdp2 with checkpointing; a file's name",
    read: (setting, draft) => {
      // swift/config/fsdp2.json, and files that are written like it.
      draft.state(setting, "engine.name", "fsdp2");
      if (setting.value === "fsdp2") {
        draft.state(setting, "engine.sharding", "full");
        return;
      }
      draft.want({
        kind: "file",
        name: plainText(setting.value).slice(0, 200),
        paths: ["engine.sharding"],
        key: setting.key,
        reason: `fsdp names a file, which is not given: give that file too`,
      });
    },
  },
  ...evaluationRules(TRAINER_EVALUATION, swiftEvaluates),
  ...TRAINER_RULES.filter(({ keys }) =>
    !keys.includes("fsdp") && !keys.includes("optim") &&
    !TRAINER_EVALUATION.batch.some((key) => keys.includes(key))
  ),
];

/** `swift sft`, `swift pt` and `swift rlhf` of ms-swift: swift/arguments. */
export const swiftFile: Format = {
  id: "ms-swift",
  title: "ms-swift",
  kind: "mapping",
  recognises: (values) =>
    ("tuner_type" in values || "train_type" in values ||
      "swift_command" in values) && !("tensor_model_parallel_size" in values),
  command: swiftCommand,
  rules: RULES,
  unexpressed: [
    ...TRAINER_UNEXPRESSED,
    ...SWIFT_UNEXPRESSED,
    unexpressed(
      "merge_lora",
      "swift export and what serves merge adapters, training does not",
      false,
    ),
  ],
  neutral: [...TRAINER_NEUTRAL, ...SWIFT_NEUTRAL],
  finish: finishSwift,
};

/** Source: modelscope/ms-swift 4.6.0 swift/trainers/arguments.py */
const SWIFT_EVALUATION: OwnEvaluation = {
  evaluates: swiftEvaluates,
  batch: 1,
  reason: "per_device_eval_batch_size is 1 by default",
};

/** What ms-swift fills in where a flag is left out. */
function finishSwift(draft: Draft, all: FileSettings): void {
  assumeTrainer(draft, all, SWIFT_EVALUATION);
  draft.assume(
    "train.micro_batch",
    1,
    "per_device_train_batch_size is 1 by default",
  );
  draft.assume(
    "train.checkpointing",
    "full",
    "gradient_checkpointing is on by default",
  );
  if (draft.stated.has("parallel.cp")) {
    // swift/sequence_parallel/ulysses.py
    draft.assume(
      "parallel.cp_kind",
      "ulysses",
      "sequence_parallel_size exchanges heads",
    );
  }
  if (!draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: true, key: "tuner_type" });
    draft.remark("train.method", "lora", "tuner_type is lora by default");
  }
  assumeAdapters(draft, all);
  assumeFrozen(draft, all, SWIFT_FREEZES);
  remarkNoImages(draft);
  // swift/trainers: bf16 follows torch_dtype, which follows the checkpoint.
  const loaded = draft.facts.get("loaded")?.value ?? "bf16";
  if (!draft.facts.has("loaded")) {
    draft.facts.set("loaded", { value: "bf16", key: "torch_dtype" });
    draft.remark(
      "precision.weights",
      "bf16",
      "torch_dtype is the checkpoint's own, taken as bf16",
    );
  }
  if (
    !draft.facts.has("mixed_precision") &&
    (loaded === "bf16" || loaded === "fp16")
  ) {
    draft.facts.set("mixed_precision", { value: loaded, key: "torch_dtype" });
  }
}
