import type { Draft, FileSetting } from "../draft.ts";
import { engineSettings } from "../engine_settings.ts";
import type { Rule, Unexpressed } from "../format.ts";
import { anyKeyOf, KEY_END } from "../key_patterns.ts";
import { plainText } from "../plain_text.ts";
import {
  countOf,
  stateCheckpointing,
  switchOf,
  unexpressed,
} from "../rules.ts";
import { readSwitch } from "../values.ts";
import { stateDictRule } from "./saving.ts";

/** torch.distributed.fsdp.ShardingStrategy, by name and number. */
const STRATEGIES: Record<string, "full" | "grad_op" | "none" | "hybrid"> = {
  full_shard: "full",
  shard_grad_op: "grad_op",
  no_shard: "none",
  hybrid_shard: "hybrid",
  hybrid_shard_zero2: "hybrid",
  "1": "full",
  "2": "grad_op",
  "3": "none",
  "4": "hybrid",
  "5": "hybrid",
};

/** What FSDP's own settings of gathering are called in these files. */
const GATHERING = [
  "forward_prefetch",
  "limit_all_gathers",
  "use_orig_params",
] as const;

/** States how parameters are sharded. */
export function stateSharding(setting: FileSetting, draft: Draft): void {
  const name = plainText(setting.value).toLowerCase();
  const sharding = Object.hasOwn(STRATEGIES, name)
    ? STRATEGIES[name]
    : undefined;
  if (!sharding) {
    draft.refuse(
      setting,
      "must be FULL_SHARD, SHARD_GRAD_OP, NO_SHARD, HYBRID_SHARD or HYBRID_SHARD_ZERO2",
    );
    return;
  }
  draft.state(setting, "engine.sharding", sharding);
  if (name === "hybrid_shard_zero2" || name === "5") {
    draft.leave(setting, "parameters gathered for the step are not told", true);
  }
}

/** CPU offload of FSDP takes parameters, gradients and optimizer states. */
export function stateFsdpOffload(setting: FileSetting, draft: Draft): void {
  const on = switchOf(setting, draft);
  if (on === null) return;
  const to = on ? "cpu" : "none";
  draft.state(setting, "engine.offload_parameters", to);
  draft.state(setting, "engine.offload_optimizer", to);
}

/** The release of FSDP, 1 or 2. */
export function versionRule(...keys: string[]): Rule {
  return {
    keys,
    fields: ["engine.name"],
    values: "1 → fsdp, 2 → fsdp2",
    read: (setting, draft) => {
      const version = plainText(setting.value);
      if (version !== "1" && version !== "2") {
        draft.refuse(setting, "must be 1 or 2");
      } else {
        draft.state(setting, "engine.name", version === "2" ? "fsdp2" : "fsdp");
      }
    },
  };
}

/**
 * The settings of an fsdp_config, with and without the prefix "fsdp_", as
 * accelerate, transformers and Axolotl take them.
 */
export function fsdpRules(section: string): Rule[] {
  const keys = (...names: string[]): string[] =>
    names.flatMap((name) => [`${section}.fsdp_${name}`, `${section}.${name}`]);
  return [
    versionRule(...keys("version")),
    {
      keys: keys("sharding_strategy"),
      fields: ["engine.sharding"],
      values:
        "FULL_SHARD → full, SHARD_GRAD_OP → grad_op, HYBRID_SHARD → hybrid, NO_SHARD → none",
      read: stateSharding,
    },
    {
      keys: keys("reshard_after_forward"),
      fields: ["engine.sharding", "engine.reshard_after_forward"],
      values:
        "true → full, false → grad_op, and FSDP2's own; or a strategy's name",
      read: (setting, draft, all) => {
        const on = readSwitch(setting.value);
        if (on === null) return stateSharding(setting, draft);
        draft.state(setting, "engine.sharding", on ? "full" : "grad_op");
        const version = keys("version").map((key) => all.get(key))
          .find((value) => value !== undefined) ?? all.get("fsdp_version");
        if (plainText(version) === "2") {
          draft.state(setting, "engine.reshard_after_forward", on);
        }
      },
    },
    stateDictRule(keys("state_dict_type")),
    ...engineSettings("fsdp", (name) => keys(name), GATHERING),
    {
      keys: keys("offload_params", "cpu_offload"),
      fields: ["engine.offload_parameters", "engine.offload_optimizer"],
      values: "true → cpu",
      read: stateFsdpOffload,
    },
    {
      keys: keys("activation_checkpointing"),
      fields: ["train.checkpointing"],
      values: "true → full",
      read: (setting, draft) => {
        const on = switchOf(setting, draft);
        if (on) stateCheckpointing(setting, draft, true);
        else if (on === false) draft.leave(setting, "switched off");
      },
    },
  ];
}

/** Groups of GPUs that each hold all shards; one is what there is without. */
export function replicatesRule(key: string): Rule {
  return {
    keys: [key],
    fields: ["parallel.dp_replicate"],
    values: "of several",
    read: (setting, draft) => {
      const count = countOf(setting, draft);
      if (count === null) return;
      if (count > 1) draft.state(setting, "parallel.dp_replicate", count);
      else draft.leave(setting, "one group of shards");
    },
  };
}

/** FSDP2's CPU offload: of the parameters, and so of what steps on them. */
export function offloadedRule(key: string): Rule {
  return {
    keys: [key],
    fields: ["engine.offload_parameters", "engine.offload_optimizer"],
    values: "true → cpu",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === null) return;
      draft.state(setting, "engine.offload_parameters", on ? "cpu" : "none");
      draft.state(setting, "engine.offload_optimizer", on ? "cpu" : "none");
    },
  };
}

/** Settings of FSDP that no field says. */
export function fsdpUnexpressed(section: string): Unexpressed[] {
  const keys = (...names: string[]): string[] =>
    names.flatMap((name) => [`${section}.fsdp_${name}`, `${section}.${name}`]);
  return [
    unexpressed(
      keys("backward_prefetch"),
      "what FSDP gathers ahead is counted as usual",
      false,
    ),
    unexpressed(
      keys("ignored_modules", "mixed_precision_policy", "min_num_params"),
      "no field says it",
    ),
  ];
}

/** Settings of FSDP, in the section fsdp_config, that decide no memory of a step. */
export const FSDP_NEUTRAL: readonly RegExp[] = [
  anyKeyOf(KEY_END.whole, String.raw`fsdp_config\.(?:fsdp_)?`)`
    auto_wrap_policy transformer_layer_cls_to_wrap sync_module_states
    cpu_ram_efficient_loading cpu_offload_pin_memory backward_prefetch_policy
    xla\w*
  `,
];
