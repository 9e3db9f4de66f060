import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { modules, same, switched } from "../reading/rules.ts";
import { readCount, readNames, readType } from "../reading/values.ts";
import { FREEZE_RULE } from "./freeze_rule.ts";
import { attentionRule } from "../reading/vocabulary/attention.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { objectiveRule } from "../reading/vocabulary/objective.ts";
import { rolloutRules } from "../reading/vocabulary/rollout.ts";
import type { FreezeSwitches } from "../reading/vocabulary/vision.ts";
import {
  freezeRule,
  maxPixelsRule,
  pixelsOfToken,
} from "../reading/vocabulary/vision.ts";

/** Parts that ms-swift freezes: swift/arguments/tuner_args.py. */
export const SWIFT_FREEZES: FreezeSwitches = {
  tower: "freeze_vit",
  projector: "freeze_aligner",
  language: "freeze_llm",
  byDefault: { tower: true, projector: true, language: false },
};

/** Tuners that a Scenario has a method for. */
const TUNERS: Readonly<Record<string, boolean>> = {
  lora: true,
  lora_llm: true,
  full: false,
};

/** Settings that `swift` and `megatron` of ms-swift have alike. */
export const SWIFT_RULES: readonly Rule[] = [
  {
    ...modelRule(["model", "model_id_or_path"]),
    values: "a name of ModelScope or the Hub, or a folder",
  },
  {
    keys: ["tuner_type", "train_type", "sft_type"],
    fields: ["train.method"],
    values: "lora, full",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      if (Object.hasOwn(TUNERS, name)) {
        draft.fact(setting, "adapters", TUNERS[name] ?? false);
      } else {
        draft.refuse(
          setting,
          "must be lora or full: no method of a scenario trains as this one",
        );
      }
    },
  },
  same("lora_rank", "train.lora.rank"),
  same("lora_alpha", "train.lora.alpha"),
  same(["lora_dropout", "lora_dropout_p"], "train.lora.dropout"),
  {
    ...modules(["target_modules", "lora_target_modules"], "train.lora.targets"),
    read: (setting, draft, all) => {
      const names = readNames(setting.value) ?? [];
      const others = names.filter((name) => /^all-(?!linear$)/.test(name));
      if (others.length > 0) {
        draft.leave(
          { key: setting.key, value: others },
          "embeddings and routers that are adapted have no field",
          true,
        );
      }
      const value = names.includes("all-linear") ? "all-linear" : setting.value;
      modules("target_modules", "train.lora.targets")
        .read({ ...setting, value }, draft, all);
    },
  },
  modules(["target_regex"], "train.lora.targets"),
  modules("modules_to_save", "train.lora.modules_to_save"),
  same("lora_bias", "train.lora.bias"),
  switched("use_dora", "train.lora.dora", true, false),
  switched("use_rslora", "train.lora.rslora", true, false),
  {
    keys: ["lora_dtype"],
    fields: ["train.lora.adapter_dtype"],
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type) draft.state(setting, "train.lora.adapter_dtype", type);
      else draft.refuse(setting, "must be float16, bfloat16 or float32");
    },
  },
  objectiveRule("rlhf_type", {
    dpo: "dpo",
    kto: "kto",
    orpo: "orpo",
    rm: "reward",
    grpo: "grpo",
    gkd: "distillation",
  }),
  {
    keys: ["task_type"],
    fields: ["train.objective"],
    values:
      "seq_cls → classification, embedding → embedding, reranker and generative_reranker → reward",
    read: (setting, draft) => {
      const objective = TASKS[plainText(setting.value)];
      if (objective) {
        draft.state(setting, "train.objective", objective);
        if (objective !== "classification") {
          draft.remark("train.objective", objective, COMPARED);
        }
      } else if (setting.value === "causal_lm") {
        draft.leave(setting, "one model and its loss are estimated, as here");
      } else draft.leave(setting, "another head and loss are not known", true);
    },
  },
  {
    keys: ["teacher_model"],
    fields: ["train.teacher"],
    read: (setting, draft) =>
      draft.state(setting, "train.teacher", plainText(setting.value)),
  },
  ...rolloutRules(),
  attentionRule(["attn_impl"]),
  freezeRule(SWIFT_FREEZES),
  FREEZE_RULE,
  maxPixelsRule("max_pixels", "MAX_PIXELS"),
  {
    keys: ["IMAGE_MAX_TOKEN_NUM"],
    fields: ["train.image_max_pixels", "train.images_per_sample"],
    values: "tokens × the pixels of one, by the model's tower",
    read: (setting, draft, all) => {
      const tokens = readCount(setting.value);
      const pixels = pixelsOfToken(draft);
      if (tokens === null || pixels === null) {
        draft.leave(setting, "the pixels of a token are not known", true);
      } else {
        maxPixelsRule(setting.key)
          .read({ ...setting, value: tokens * pixels }, draft, all);
      }
    },
  },
];

/**
 * What is learnt of a task: a reranker scores each text with one label, which is what
 * a reward model does.
 *
 * Source: modelscope/ms-swift 4.6.0 swift/model/register.py, get_model;
 * swift/trainers/reranker_trainer.py and embedding_trainer.py
 */
const TASKS: Readonly<Record<string, string>> = {
  seq_cls: "classification",
  embedding: "embedding",
  reranker: "reward",
  generative_reranker: "reward",
};

const COMPARED =
  "an example is taken as two texts, such as a positive and one negative: each negative more is a sequence more of train.micro_batch";

/** Fills in what both do where a flag is left out. */
export function assumeAdapters(draft: Draft, all: FileSettings): void {
  for (
    const [path, value, reason] of [
      ["train.lora.rank", 8, "lora_rank is 8 by default"],
      ["train.lora.alpha", 32, "lora_alpha is 32 by default"],
      ["train.lora.dropout", 0.05, "lora_dropout is 0.05 by default"],
      [
        "train.lora.targets",
        "all-linear",
        "target_modules is all-linear by default",
      ],
    ] as const
  ) draft.assume(path, value, reason);
  const objective = draft.stated.get("train.objective")?.value;
  if (all.get("swift_command") === "pt") {
    draft.assume("train.objective", "pretrain", "the command is pt");
  }
  if (objective !== "grpo") return;
  // swift/arguments/rlhf_args.py, _init_grpo: 0.04
  const beta = Number(all.get("beta") ?? 0.04);
  const adapts = draft.facts.get("adapters")?.value !== false;
  draft.assume(
    "train.reference",
    beta === 0 ? "none" : adapts ? "adapter-off" : "copy",
    `beta is ${beta}${all.has("beta") ? "" : " by default"}`,
  );
  draft.assume("train.generations", 8, "num_generations is 8 by default");
  draft.assume(
    "train.completion_tokens",
    512,
    "max_completion_length is 512 by default",
  );
}
