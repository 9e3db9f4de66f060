import { isObject } from "../../scenario/fields.ts";
import type { Draft, FileSetting } from "../reading/draft.ts";
import { engineSettings } from "../reading/engine_settings.ts";
import type { Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  countedFact,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";
import { SETTINGS } from "./settings.ts";
import { stateFsdpOffload, stateSharding } from "../reading/vocabulary/fsdp.ts";

/** Strategies by the last part of their name, in lower case. */
const ENGINES: Record<string, string> = {
  singledevicestrategy: "single",
  ddp: "ddp",
  ddp_find_unused_parameters_true: "ddp",
  ddpstrategy: "ddp",
  fsdp: "fsdp",
  fsdp_cpu_offload: "fsdp",
  fsdpstrategy: "fsdp",
  deepspeed: "deepspeed",
  deepspeedstrategy: "deepspeed",
  modelparallelstrategy: "fsdp2",
};

function stateStrategy(setting: FileSetting, draft: Draft): void {
  const name = plainText(setting.value).split(".").at(-1)?.toLowerCase() ?? "";
  if (name === "auto") {
    draft.open("engine.name", "auto", `${setting.key} is auto`);
    return;
  }
  const staged = name.match(/^deepspeed_stage_([1-3])(_offload)?$/);
  if (staged) {
    draft.state(setting, "engine.name", "deepspeed");
    draft.state(setting, "engine.zero_stage", Number(staged[1]));
    if (staged[2]) {
      draft.state(setting, "engine.offload_optimizer", "cpu");
      if (staged[1] === "3") {
        draft.state(setting, "engine.offload_parameters", "cpu");
      }
    }
    return;
  }
  const engine = Object.hasOwn(ENGINES, name) ? ENGINES[name] : undefined;
  if (!engine) {
    draft.leave(setting, "not a strategy that Headroom knows", true);
    return;
  }
  draft.state(setting, "engine.name", engine);
  if (name === "fsdp_cpu_offload") {
    stateFsdpOffload({ ...setting, value: true }, draft);
  }
}

const STRATEGY = "trainer.strategy.init_args";

/** A switch of DeepSpeedStrategy and the device that it offloads to. */
function offloading(
  name: string,
  device: string,
  path: string,
): Rule {
  return {
    keys: [`${STRATEGY}.${name}`],
    fields: [path],
    values: `true → cpu, or ${device}`,
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === null) return;
      draft.state(
        setting,
        path,
        on ? all.get(`${STRATEGY}.${device}`) ?? "cpu" : "none",
      );
    },
  };
}

/** What strategies take by the engines' own names. */
const STRATEGY_SETTINGS: readonly Rule[] = Object.entries(SETTINGS)
  .flatMap(([group, names]) =>
    engineSettings(
      group as keyof typeof SETTINGS,
      (name) => [`${STRATEGY}.${name}`],
      names,
    )
  );

/** PyTorch Lightning's Trainer in the YAML of its LightningCLI. */
export const lightningFile: Format = {
  id: "lightning",
  title: "PyTorch Lightning",
  kind: "mapping",
  recognises: (values) =>
    isObject(values["trainer"]) &&
    [
      "devices",
      "strategy",
      "precision",
      "accelerator",
      "max_epochs",
      "accumulate_grad_batches",
    ].some((key) => key in (values["trainer"] as object)),
  rules: [
    {
      keys: ["trainer.devices"],
      fields: ["parallel.gpus"],
      values: "× num_nodes",
      read: (setting, draft, all) => {
        const nodes = readCount(all.get("trainer.num_nodes") ?? 1) ?? 1;
        const listed = Array.isArray(setting.value)
          ? setting.value.length
          : readCount(setting.value);
        if (setting.value === "auto" || setting.value === -1) {
          draft.open("parallel.gpus", "1", `${setting.key} is auto`);
        } else if (listed === null || listed === 0) {
          draft.refuse(setting, "must be a number of GPUs, a list or auto");
        } else draft.state(setting, "parallel.gpus", listed * nodes);
      },
    },
    countedFact("trainer.num_nodes", "nodes", ["parallel.gpus_per_node"]),
    {
      keys: ["trainer.strategy"],
      fields: ["engine.name", "engine.zero_stage", "engine.offload_optimizer"],
      values: "auto, ddp, fsdp, deepspeed_stage_2, deepspeed_stage_3_offload …",
      read: (setting, draft) => {
        if (!isObject(setting.value)) stateStrategy(setting, draft);
        else if (typeof setting.value["class_path"] !== "string") {
          draft.refuse(setting, "must be a name or have a class_path");
        }
      },
    },
    {
      keys: ["trainer.strategy.class_path"],
      fields: ["engine.name"],
      values:
        "DDPStrategy, FSDPStrategy, DeepSpeedStrategy, ModelParallelStrategy",
      read: stateStrategy,
    },
    {
      keys: [`${STRATEGY}.stage`],
      fields: ["engine.zero_stage"],
      values: "0 … 3",
      read: (setting, draft) =>
        draft.state(setting, "engine.zero_stage", setting.value),
    },
    offloading(
      "offload_optimizer",
      "offload_optimizer_device",
      "engine.offload_optimizer",
    ),
    offloading(
      "offload_parameters",
      "offload_params_device",
      "engine.offload_parameters",
    ),
    {
      keys: [
        `${STRATEGY}.offload_optimizer_device`,
        `${STRATEGY}.offload_params_device`,
      ],
      fields: ["engine.offload_optimizer", "engine.offload_parameters"],
      values: "cpu, nvme",
      read: (setting, draft) => {
        if (!["cpu", "nvme", "none"].includes(plainText(setting.value))) {
          draft.refuse(setting, "must be cpu or nvme");
        }
      },
    },
    {
      keys: [`${STRATEGY}.sharding_strategy`],
      fields: ["engine.sharding"],
      values: "FULL_SHARD, SHARD_GRAD_OP, HYBRID_SHARD, NO_SHARD",
      read: stateSharding,
    },
    {
      keys: [`${STRATEGY}.cpu_offload`],
      fields: ["engine.offload_parameters", "engine.offload_optimizer"],
      values: "true → cpu",
      read: stateFsdpOffload,
    },
    {
      keys: [
        `${STRATEGY}.activation_checkpointing_policy`,
        `${STRATEGY}.activation_checkpointing`,
      ],
      fields: ["train.checkpointing"],
      values: "the layers' classes → full",
      read: (setting, draft) =>
        draft.state(setting, "train.checkpointing", "full"),
    },
    counted(`${STRATEGY}.tensor_parallel_size`, "parallel.tp"),
    ...STRATEGY_SETTINGS,
    {
      keys: ["trainer.precision"],
      fields: ["precision.weights", "precision.autocast"],
      values:
        "32-true → fp32, bf16-mixed → fp32 with autocast, bf16-true → bf16",
      read: (setting, draft) => {
        const name = plainText(setting.value).toLowerCase();
        const types = { bf16: "bf16", "16": "fp16", "32": "fp32" } as const;
        const [, type, how] = name.match(/^(bf16|16|32)(?:-(mixed|true))?$/) ??
          [];
        if (type === undefined) {
          draft.leave(setting, "not a precision that Headroom knows", true);
        } else if (type === "32" || how === "true") {
          draft.state(
            setting,
            "precision.weights",
            types[type as keyof typeof types],
          );
        } else {
          draft.fact(
            setting,
            "mixed_precision",
            type === "bf16" ? "bf16" : "fp16",
          );
          draft.fact(setting, "loaded", "fp32");
        }
      },
    },
    counted("trainer.accumulate_grad_batches", "train.gradient_accumulation"),
    counted("data.init_args.batch_size", "train.micro_batch"),
    counted("data.batch_size", "train.micro_batch"),
  ],
  unexpressed: [
    unexpressed(
      [`${STRATEGY}.state_dict_type`, `${STRATEGY}.auto_wrap_policy`],
      "no field says it",
      false,
    ),
    unexpressed(
      [`${STRATEGY}.config`, `${STRATEGY}.data_parallel_size`],
      "no field says it",
    ),
  ],
  neutral: [
    /^trainer\.(?!strategy|plugins)/,
    /^(?:seed_everything|ckpt_path|model|data|optimizer|lr_scheduler)(?:\.|$)/,
    anyKeyOf(KEY_END.whole, String.raw`trainer\.strategy\.init_args\.`)`
    device pin_memory logging\w* contiguous_memory\w*
    zero_allow\w* find_unused\w* process_group\w* timeout load_full_weights
  `,
  ],
  finish: (draft, all) => {
    if (all.has("model")) {
      draft.open(
        "model",
        "none",
        "a LightningModule's arguments do not tell its architecture",
      );
    }
  },
};
