import { isObject } from "../../scenario/fields.ts";
import { findModel } from "../../models/catalogue.ts";
import { flagValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";
import type { Draft, FileSetting } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import { counted, countedFact, countOf, same } from "../reading/rules.ts";
import { readCount, readSwitch } from "../reading/values.ts";
import { stateModel } from "../reading/vocabulary/model.ts";

/** Switches of the layers that adapters stand at, and whether they are on by default. */
const LAYERS: Readonly<Record<string, [on: boolean, names: string[]]>> = {
  lora_query: [true, ["q_proj"]],
  lora_key: [false, ["k_proj"]],
  lora_value: [true, ["v_proj"]],
  lora_projection: [false, ["o_proj"]],
  lora_mlp: [false, ["gate_proj", "up_proj", "down_proj"]],
  lora_head: [false, ["lm_head"]],
};

/** Its types of Fabric, by the weights' type and that of mixed precision. */
const PRECISIONS: Readonly<Record<string, [string, string | null]>> = {
  "bf16-true": ["bf16", null],
  "16-true": ["fp16", null],
  "32-true": ["fp32", null],
  "bf16-mixed": ["fp32", "bf16"],
  "16-mixed": ["fp32", "fp16"],
};

/** What bitsandbytes packs weights into; fp4 takes as many bytes as nf4. */
const PACKED: Readonly<Record<string, string>> = {
  "bnb.nf4": "nf4",
  "bnb.fp4": "nf4",
  "bnb.nf4-dq": "nf4-dq",
  "bnb.fp4-dq": "nf4-dq",
  "bnb.int8-training": "int8",
};

const RULES: readonly Rule[] = [
  {
    keys: ["checkpoint_dir", "model_name", "initial_checkpoint_dir"],
    fields: ["model"],
    values: "a Hub id, under checkpoints/ or alone",
    read: (setting, draft) => {
      if (draft.stated.has("model")) {
        return draft.leave(setting, "the model is named already");
      }
      const name = plainText(setting.value).replace(/^checkpoints\//, "");
      stateModel({ ...setting, value: name }, draft);
    },
  },
  {
    keys: ["precision"],
    fields: ["precision.weights", "precision.autocast"],
    values: "bf16-true, bf16-mixed over fp32, 32-true",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      const found = Object.hasOwn(PRECISIONS, name) ? PRECISIONS[name] : null;
      if (!found) {
        return draft.refuse(
          setting,
          `must be one of ${Object.keys(PRECISIONS).join(", ")}`,
        );
      }
      draft.state(setting, "precision.weights", found[0]);
      if (found[1] !== null) {
        draft.state(setting, "precision.autocast", found[1]);
      }
    },
  },
  {
    keys: ["quantize"],
    fields: ["quantization.weights"],
    values: "bnb.nf4, bnb.nf4-dq, bnb.int8-training",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      const packed = Object.hasOwn(PACKED, name) ? PACKED[name] : undefined;
      if (packed === undefined) {
        draft.refuse(setting, `must be one of ${Object.keys(PACKED)}`);
      } else draft.state(setting, "quantization.weights", packed);
    },
  },
  {
    keys: ["devices", "num_nodes"],
    fields: ["parallel.gpus"],
    values: "the one × the other; auto → all there are",
    read: (setting, draft, all) => {
      if (all.get("devices") === "auto") {
        return draft.leave(setting, "the GPUs that there are");
      }
      if (countOf(setting, draft) === null) return;
      const each = readCount(all.get("devices") ?? 1) ?? 1;
      const nodes = readCount(all.get("num_nodes") ?? 1) ?? 1;
      draft.state(setting, "parallel.gpus", each * nodes);
      if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", each);
    },
  },
  {
    keys: ["lora_r"],
    fields: ["train.method", "train.lora.rank"],
    read: (setting, draft, all) => {
      draft.fact(setting, "adapters", true);
      counted("lora_r", "train.lora.rank").read(setting, draft, all);
    },
  },
  same("lora_alpha", "train.lora.alpha"),
  same("lora_dropout", "train.lora.dropout"),
  {
    keys: Object.keys(LAYERS),
    fields: ["train.lora.targets"],
    values: "the layers that are on",
    read: (setting, draft, all) => stateTargets(setting, draft, all),
  },
  countedFact("train.global_batch_size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  counted("train.micro_batch_size", "train.micro_batch"),
  counted("train.max_seq_length", "train.sequence_length"),
];

/** Layers of the kinds whose checkpoints hold queries, keys and values as one. */
const FUSED: Readonly<Record<string, string[]>> = {
  q_proj: ["query_key_value"],
  k_proj: ["query_key_value"],
  v_proj: ["query_key_value"],
  o_proj: ["dense"],
  gate_proj: ["dense_h_to_4h"],
  up_proj: [],
  down_proj: ["dense_4h_to_h"],
};

function targetsOf(draft: Draft, all: FileSettings): string[] {
  const names = Object.entries(LAYERS).flatMap(([key, [on, layers]]) =>
    readSwitch(all.get(key)) ?? on ? layers : []
  );
  const model = draft.stated.get("model")?.value;
  const type = typeof model === "string"
    ? findModel(model)?.config["model_type"]
    : undefined;
  return type === "falcon" || type === "gpt_neox"
    ? [...new Set(names.flatMap((name) => FUSED[name] ?? [name]))]
    : names;
}

function stateTargets(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
): void {
  draft.state(setting, "train.lora.targets", targetsOf(draft, all));
}

/** `litgpt finetune_lora MODEL --precision bf16-true`; a file by --config. */
const litgptCommand: CommandReader = ({ kind, name, args }) => {
  if (kind !== "program" || name !== "litgpt") return null;
  const [first = ""] = args;
  // `litgpt finetune lora` is how it was called before 0.4.
  const older = first === "finetune" && /^(?:lora|full)$/.test(args[1] ?? "");
  const what = older ? `finetune_${args[1]}` : first;
  if (
    !/^(?:finetune(?:_lora|_full)?|pretrain)$/.test(what) ||
    /^(?:adapter\w*|list)$/.test(args[1] ?? "")
  ) return null;
  const { values, alone } = flagValues(args.slice(older ? 2 : 1));
  const { config, ...rest } = values;
  const model = alone.find((word) => /^[\w.-]+(?:\/[\w.-]+)*$/.test(word));
  return {
    values: {
      litgpt_command: what,
      ...(model === undefined ? {} : { checkpoint_dir: model }),
      ...rest,
    },
    ...(typeof config === "string" ? { file: config } : {}),
  };
};

/** LitGPT's config_hub and its commands: litgpt/finetune, litgpt/pretrain.py. */
export const litgptFile: Format = {
  id: "litgpt",
  title: "LitGPT",
  kind: "mapping",
  command: litgptCommand,
  recognises: (values) =>
    ("checkpoint_dir" in values || "initial_checkpoint_dir" in values) &&
    "devices" in values && isObject(values["train"]),
  rules: RULES,
  unexpressed: [],
  neutral: [
    anyKeyOf(KEY_END.section)`
    litgpt_command out_dir data train eval logger_name seed optimizer log
    access_token resume tokenizer_dir model_config
  `,
  ],
  finish: finishLitgpt,
};

/** What LitGPT does where nothing says otherwise. */
function finishLitgpt(draft: Draft, all: FileSettings): void {
  const command = plainText(all.get("litgpt_command") ?? "");
  const pretrains = command === "pretrain" || all.has("model_name");
  const adapts = draft.facts.get("adapters")?.value === true ||
    /^finetune(?:_lora)?$/.test(command);
  if (!draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: adapts, key: "lora_r" });
    draft.remark(
      "train.method",
      adapts ? "lora" : "full",
      adapts ? "finetune is finetune_lora" : "no lora_r is given",
    );
  }
  draft.assume("train.lora.rank", 8, "lora_r is 8 by default");
  draft.assume(
    "train.lora.targets",
    targetsOf(draft, all),
    "queries and values",
  );
  draft.assume("train.lora.dropout", 0.05, "lora_dropout is 0.05 by default");
  draft.assume("precision.weights", "bf16", "bf16-true is its default");
  draft.assume("train.attention", "sdpa", "its model calls sdpa");
  draft.assume(
    "train.objective",
    pretrains ? "pretrain" : "sft",
    "its command",
  );
  if (all.get("devices") !== "auto") {
    draft.assume("parallel.gpus", 1, "devices is 1 by default");
  }
  const several = Number(draft.valueAt("parallel.gpus") ?? 2) > 1;
  if (several) {
    draft.assume(
      "engine.name",
      adapts ? "fsdp2" : "fsdp",
      "several devices shard by FSDP",
    );
    if (pretrains && draft.stated.has("parallel.gpus_per_node")) {
      draft.assume("engine.sharding", "hybrid", "pretrain takes HYBRID_SHARD");
    }
  }
  draft.assume(
    "train.checkpointing",
    several && !pretrains ? "full" : "none",
    "finetuning over several devices checkpoints each block",
  );
  draft.assume("train.micro_batch", pretrains ? 4 : 1, "its default");
}
