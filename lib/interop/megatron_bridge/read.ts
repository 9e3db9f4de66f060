import { isObject } from "../../scenario/fields.ts";
import { findModel } from "../../models/catalogue.ts";
import { flagValues, overrideValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  countedFact,
  same,
  switched,
  switchOf,
} from "../reading/rules.ts";
import type { PythonCall } from "../reading/python/python_value.ts";
import { SETS } from "../reading/python/python_value.ts";
import { readNames } from "../reading/values.ts";
import type { FreezeSwitches } from "../reading/vocabulary/vision.ts";
import { freezeRule } from "../reading/vocabulary/vision.ts";
import { MEGATRON_UNEXPRESSED } from "../reading/vocabulary/megatron/left_out.ts";
import { MEGATRON_PARALLEL_RULES } from "../reading/vocabulary/megatron/parallel_rules.ts";
import {
  dimensionRules,
  wantModel,
} from "../reading/vocabulary/megatron/model_sections.ts";
import {
  respelled,
  respelledReasons,
} from "../reading/vocabulary/megatron/respelled.ts";
import { MEGATRON_PRECISION_RULES } from "../reading/vocabulary/megatron/precision_rules.ts";
import { MEGATRON_STEP_RULES } from "../reading/vocabulary/megatron/step_rules.ts";
import { stateMixedScaling } from "../reading/vocabulary/float8.ts";
import { stateModel } from "../reading/vocabulary/model.ts";

/** Flags of Megatron-LM, where Megatron-Bridge's sections have them. */
function inSection(flag: string): string {
  const name = flag.replaceAll("-", "_");
  if (/^(?:use_distributed_optimizer|overlap_grad_reduce)$/.test(name)) {
    return `ddp.${name}`;
  }
  if (
    /^(?:optimizer|optimizer_cpu_offload|exp_avg|main_grads|use_precision|main_params)/
      .test(name)
  ) {
    return `optimizer.${name}`;
  }
  return `model.${name}`;
}

const FREEZES: FreezeSwitches = {
  tower: "model.freeze_vision_model",
  projector: "model.freeze_vision_projection",
  language: "model.freeze_language_model",
  byDefault: { tower: false, projector: false, language: false },
};

const RULES: readonly Rule[] = [
  {
    keys: ["recipe"],
    fields: ["model"],
    values: "its beginning is the model, where the catalogue has it",
    read: (setting, draft) => {
      const name = plainText(setting.value)
        .replace(
          /_(?:pretrain|finetune|sft|peft|lora|config|recipe|8gpu|\d+gpu).*$/,
          "",
        )
        .replaceAll("_", "-");
      const known = findModel(name);
      if (known) {
        draft.state(setting, "model", known.id);
        draft.remark("model", known.id, `the recipe's name is taken for it`);
      } else {draft.leave(
          setting,
          "a recipe that Headroom has no model for",
          true,
        );}
      if (/_(?:peft|lora)/.test(plainText(setting.value))) {
        draft.fact(setting, "adapters", true);
      }
    },
  },
  {
    keys: [
      "hf_path",
      "hf_model_id",
      "model.hf_model_id",
      "pretrained_model_name_or_path",
    ],
    fields: ["model"],
    read: stateModel,
  },
  counted(
    ["model.seq_length", "dataset.seq_length", "dataset.sequence_length"],
    "train.sequence_length",
  ),
  counted("train.micro_batch_size", "train.micro_batch"),
  countedFact("train.global_batch_size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  ...dimensionRules("model"),
  ...respelled(
    [
      ...MEGATRON_PARALLEL_RULES,
      ...MEGATRON_STEP_RULES,
      ...MEGATRON_PRECISION_RULES.filter(({ keys }) =>
        keys.some((key) => /^exp-avg|^main-grads/.test(key))
      ),
    ],
    inSection,
  ),
  {
    keys: ["ddp.grad_reduce_in_fp32"],
    fields: ["precision.gradients", "engine.grad_reduce_in_fp32"],
    values: "true → fp32",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === null) return;
      draft.state(setting, "precision.gradients", on ? "fp32" : null);
      draft.state(setting, "engine.grad_reduce_in_fp32", on);
    },
  },
  {
    keys: ["mixed_precision"],
    fields: ["precision.weights"],
    values: "bf16_mixed, 16_mixed",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      if (/^bf16/.test(name)) draft.state(setting, "precision.weights", "bf16");
      else if (/16/.test(name)) {
        draft.state(setting, "precision.weights", "fp16");
      }
      stateMixedScaling(setting, draft, name);
    },
  },
  {
    keys: ["peft.dim"],
    fields: ["train.lora.rank", "train.method"],
    read: (setting, draft, all) => {
      draft.fact(setting, "adapters", true);
      same("peft.dim", "train.lora.rank").read(setting, draft, all);
    },
  },
  same("peft.alpha", "train.lora.alpha"),
  same("peft.dropout", "train.lora.dropout"),
  {
    keys: ["peft.target_modules"],
    fields: ["train.lora.targets"],
    values: "linear_qkv, linear_proj, linear_fc1, linear_fc2",
    read: (setting, draft) => {
      const names = readNames(setting.value);
      if (names && names.length > 0) {
        draft.state(setting, "train.lora.targets", names);
      } else draft.refuse(setting, "must be a list of names");
    },
  },
  switched("dist.use_torch_fsdp2", "engine.name", "fsdp2"),
  freezeRule(FREEZES),
];

/** Scripts of Megatron-Bridge that train, with hydra's `a.b=c`. */
const bridgeCommand: CommandReader = ({ kind, name, path, args }) => {
  const overrides = overrideValues(args);
  const hasSections = Object.keys(overrides).some((key) =>
    /^(?:train\.(?:micro|global)_batch_size|model\.tensor_model_parallel_size|dataset\.seq(?:uence)?_length)$/
      .test(key)
  );
  const isRecipe = name === "run_recipe.py" || /megatron[-_]bridge/i.test(path);
  if (kind !== "script" || !(hasSections || isRecipe && args.length > 0)) {
    return null;
  }
  const { values: flags } = flagValues(
    args.filter((word) => !/^[\w.+]+=/.test(word)),
  );
  const file = flags["config_file"] ?? flags["config-file"];
  const keep = [
    "recipe",
    "hf_path",
    "hf_model_id",
    "pretrained_model_name_or_path",
  ];
  return {
    values: {
      bridge_script: name,
      ...Object.fromEntries(
        Object.entries(flags).filter(([key]) => keep.includes(key)),
      ),
      ...overrides,
    },
    ...(typeof file === "string" ? { file } : {}),
  };
};

/** `llama3_8b_finetune_config(…)`, and what is set on what it gives. */
function bridgeCall(
  { name, on, named, placed }: PythonCall,
): { what: string; values: Record<string, unknown> } | null {
  if (/_(?:pretrain|finetune|sft|peft)_config$/.test(name)) {
    const { peft, seq_length, ...rest } = named;
    return {
      what: "recipe",
      values: {
        recipe: peft === "lora" ? `${name}_lora` : name,
        ...(seq_length === undefined ? {} : { "model.seq_length": seq_length }),
        ...inSections(rest),
      },
    };
  }
  const path = /^(?:cfg|config)\.(.+)$/.exec(on)?.[1];
  return name === SETS && path !== undefined
    ? { what: path, values: { [path]: placed[0] } }
    : null;
}

/** A recipe's own arguments, by the sections that they end in. */
function inSections(named: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(named).map(([key, value]) => [
      /batch_size$/.test(key)
        ? `train.${key}`
        : /parallel/.test(key)
        ? `model.${key}`
        : key,
      value,
    ]),
  );
}

/** Megatron-Bridge's YAML over a recipe, and its overrides. */
export const megatronBridgeFile: Format = {
  id: "megatron-bridge",
  title: "Megatron-Bridge",
  kind: "mapping",
  recognises: (values) => {
    const { train, model, dataset } = values;
    return isObject(train) &&
      ("micro_batch_size" in train || "global_batch_size" in train) &&
      (isObject(model) || isObject(dataset) || "peft" in values);
  },
  command: bridgeCommand,
  calls: bridgeCall,
  rules: RULES,
  unexpressed: respelledReasons(MEGATRON_UNEXPRESSED, inSection),
  neutral: [
    anyKeyOf(KEY_END.section)`
    train scheduler checkpoint logger rng tokenizer dist profiling validation
    dataset nvrx_straggler rerun_state_machine comm_overlap ft straggler
    inprocess_restart bridge_script tensor_inspect
  `,
    /^(?:ddp|optimizer|peft)\./,
    /^model\.(?:seq|attention_|layernorm|normalization|init_|persist|apply|bias|masked|position|rotary|hidden_dropout|moe_|cross_entropy|calculate|gradient|autocast|params_dtype|fp16|bf16|use_hf|recompute|cp_|tp_|share|make_vocab|cuda_graph|deallocate|pipeline_dtype|perform|overlap|batch_p2p|variable|async|use_cpu|window|qk_|temporal|patch|spatial|should_pad|virtual)/,
  ],
  finish: finishBridge,
};

/** What Megatron-Bridge's recipes do where nothing says otherwise. */
function finishBridge(draft: Draft, all: FileSettings): void {
  for (
    const [path, value, reason] of [
      ["engine.name", "megatron", "Megatron-Bridge trains by Megatron-Core"],
      ["software.model_code", "megatron", "the model is Megatron-Core's"],
      ["train.attention", "flash", "the attention backend is auto"],
      ["precision.weights", "bf16", "recipes train in bf16_mixed"],
      [
        "engine.distributed_optimizer",
        true,
        "recipes distribute the optimizer",
      ],
    ] as const
  ) draft.assume(path, value, reason);
  if (!draft.stated.has("precision.gradients")) {
    draft.assume("precision.gradients", "fp32", "bf16_mixed reduces in fp32");
  }
  if (all.has("peft") && !draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: true, key: "peft" });
  }
  wantModel(draft, "the recipe has the model, and the file does not name it");
}
