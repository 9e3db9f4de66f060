import type { Format, Rule } from "../reading/format.ts";
import { counted, same, switched } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";
import {
  axolotlEvaluates,
  evaluationRules,
} from "../reading/vocabulary/evaluation.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { objectiveRule } from "../reading/vocabulary/objective.ts";
import { rolloutRules } from "../reading/vocabulary/rollout.ts";
import { assumeImage, isVisionModel } from "../reading/vocabulary/vision.ts";
import { accelerateFp8 } from "../training_arguments/fp8_rules.ts";
import { GRADIENT_OFFLOAD_RULE } from "../training_arguments/trainer_rules.ts";
import {
  OPTIM_ARGS_RULE,
  OPTIM_TARGETS_RULE,
  rankRule,
} from "../reading/vocabulary/optimizer_args.ts";
import { optimizerNames } from "../reading/vocabulary/optimizer_names.ts";
import { ACTIVATION_RULES, COMPILE_RULE } from "./activation_rules.ts";
import { ADAPTER_RULES } from "./adapter_rules.ts";
import { axolotlCommand } from "./command.ts";
import { finishAxolotl } from "./defaults.ts";
import { AXOLOTL_NEUTRAL, AXOLOTL_UNEXPRESSED } from "./left_out.ts";
import { ENGINE_RULES, GPU_RULES } from "./parallel_rules.ts";
import { PLUGIN_RULES } from "./plugin_rules.ts";
import { QAT_RULES } from "./qat_rules.ts";
import { PRECISION_RULES } from "./precision_rules.ts";
import { shippedFile } from "../reading/shipped.ts";
import SHIPPED from "./shipped.json" with { type: "json" };

const RULES: readonly Rule[] = [
  modelRule(["base_model"]),
  ...ADAPTER_RULES,
  counted("sequence_len", "train.sequence_length"),
  counted("micro_batch_size", "train.micro_batch"),
  ...evaluationRules(
    { batch: ["eval_batch_size"], length: "eval_sequence_len" },
    axolotlEvaluates,
  ),
  counted("gradient_accumulation_steps", "train.gradient_accumulation"),
  {
    keys: ["batch_size"],
    fields: ["train.gradient_accumulation"],
    values: "÷ micro_batch_size",
    read: (setting, draft, all) => {
      const batch = readCount(setting.value);
      const micro = readCount(all.get("micro_batch_size") ?? 1);
      if (batch === null || micro === null || batch % micro !== 0) {
        draft.refuse(setting, `must be a multiple of micro_batch_size`);
      } else {
        draft.state(setting, "train.gradient_accumulation", batch / micro);
      }
    },
  },
  ...PRECISION_RULES,
  ...ACTIVATION_RULES,
  optimizerNames(["optimizer"]),
  OPTIM_ARGS_RULE,
  OPTIM_TARGETS_RULE,
  rankRule("qgalore_rank"),
  counted("torch_empty_cache_steps", "train.empty_cache_steps"),
  ...accelerateFp8("tensorwise"),
  ...QAT_RULES,
  ...PLUGIN_RULES,
  COMPILE_RULE,
  ...ENGINE_RULES,
  objectiveRule("rl", {
    dpo: "dpo",
    kto: "kto",
    orpo: "orpo",
    grpo: "grpo",
  }),
  switched("reward_model", "train.objective", "reward"),
  {
    keys: ["image_size"],
    fields: ["train.image_size", "train.images_per_sample"],
    values: "the sides; one image a sample, assumed",
    read: (setting, draft, all) => {
      const { value } = setting;
      const sides = typeof value === "number" ? [value, value] : value;
      same("image_size", "train.image_size")
        .read({ ...setting, value: sides }, draft, all);
      assumeImage(draft, "image_size is about images");
    },
  },
  {
    keys: ["processor_type"],
    fields: ["train.images_per_sample"],
    values: "one image a sample, assumed, of a model that sees",
    read: (setting, draft) => {
      if (isVisionModel(draft)) {
        assumeImage(draft, "processor_type is about images");
      } else draft.leave(setting, "the model is not known to see images");
    },
  },
  GRADIENT_OFFLOAD_RULE,
  ...rolloutRules("trl."),
  ...GPU_RULES,
];

/** Axolotl's YAML: src/axolotl/utils/schemas. */
export const axolotlFile: Format = {
  id: "axolotl",
  title: "Axolotl",
  kind: "mapping",
  shipped: (path) => shippedFile(SHIPPED, path, "examples"),
  command: axolotlCommand,
  recognises: (values) =>
    "base_model" in values ||
    ("micro_batch_size" in values || "sequence_len" in values) &&
      ("adapter" in values || "sequence_len" in values ||
        "datasets" in values),
  rules: RULES,
  unexpressed: AXOLOTL_UNEXPRESSED,
  neutral: AXOLOTL_NEUTRAL,
  finish: finishAxolotl,
};
