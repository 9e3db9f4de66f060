import type { Draft, FileSetting } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  countedFact,
  countOf,
  modules,
  same,
  switched,
  switchOf,
} from "../reading/rules.ts";
import { readCount, readSwitch } from "../reading/values.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { MEGATRON_PARALLEL_RULES } from "../reading/vocabulary/megatron/parallel_rules.ts";
import { respelled } from "../reading/vocabulary/megatron/respelled.ts";
import { rolloutShareRule } from "../reading/vocabulary/rollout.ts";

/** The two ways in which NeMo RL trains the policy. */
const DTENSOR = "policy.dtensor_cfg";
const MEGATRON = "policy.megatron_cfg";
const COLOCATED = "policy.generation.colocated";

/** Whether Megatron-Core trains the policy: nemo_rl/models/policy/lm_policy.py. */
export function isMegatron(all: FileSettings): boolean {
  return readSwitch(all.get(`${MEGATRON}.enabled`)) === true;
}

/** A rule for settings of one of the two, read where that one trains. */
function within(rule: Rule, megatron: boolean): Rule {
  return {
    ...rule,
    read: (setting, draft, all) => {
      if (isMegatron(all) === megatron) rule.read(setting, draft, all);
      else draft.leave(setting, "the policy is trained otherwise");
    },
  };
}

/** A rule that leaves what refers to another setting to that setting. */
function literal(rule: Rule): Rule {
  return {
    ...rule,
    read: (setting, draft, all) => {
      if (plainText(setting.value).startsWith("${")) {
        draft.leave(setting, "it is what another setting says");
      } else rule.read(setting, draft, all);
    },
  };
}

/** GPUs that train: those of the cluster without those that only generate. */
function stateGpus(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
): void {
  const at = (key: string): number => readCount(all.get(key) ?? 1) ?? 1;
  const [each, nodes] = [at("cluster.gpus_per_node"), at("cluster.num_nodes")];
  const apart = readSwitch(all.get(`${COLOCATED}.enabled`)) === false;
  const taken = (name: string): number =>
    apart ? readCount(all.get(`${COLOCATED}.resources.${name}`)) ?? 0 : 0;
  const perNode = nodes === 1 ? each - taken("gpus_per_node") : each;
  const left = nodes === 1 ? 1 : nodes - taken("num_nodes");
  if (perNode < 1 || left < 1) {
    draft.refuse(
      setting,
      "must leave GPUs to train beside those that generate",
    );
    return;
  }
  draft.state(setting, "parallel.gpus", perNode * left);
  if (left > 1) draft.state(setting, "parallel.gpus_per_node", perNode);
}

/** Tokens of a micro-batch that is packed, or of as many as fit. */
function tokensRule(section: "dynamic_batching" | "sequence_packing"): Rule {
  return {
    keys: [`policy.${section}.train_mb_tokens`],
    fields: ["train.micro_batch"],
    values: "where it is enabled: ÷ max_total_sequence_length",
    read: (setting, draft, all) => {
      if (readSwitch(all.get(`policy.${section}.enabled`)) !== true) {
        return draft.leave(setting, `${section} is not enabled`);
      }
      const tokens = countOf(setting, draft);
      const longest = readCount(all.get("policy.max_total_sequence_length"));
      if (tokens === null || longest === null) return;
      draft.stated.delete("train.micro_batch");
      draft.assume(
        "train.micro_batch",
        Math.max(1, Math.floor(tokens / longest)),
        `${setting.key} holds so many of the longest sequences`,
      );
    },
  };
}

/** Adapters of either way; `match_all_linear` wins over names. */
function adapterRules(section: string, megatron: boolean): Rule[] {
  const on = (all: FileSettings): boolean =>
    readSwitch(all.get(`${section}.enabled`)) === true;
  return [
    {
      keys: [`${section}.enabled`],
      fields: ["train.method"],
      values: "true → lora",
      read: (setting: FileSetting, draft: Draft) => {
        const value = switchOf(setting, draft);
        if (value !== null) draft.fact(setting, "adapters", value);
      },
    },
    ...[
      same(`${section}.dim`, "train.lora.rank"),
      same(`${section}.alpha`, "train.lora.alpha"),
      same(`${section}.dropout`, "train.lora.dropout"),
      switched(
        `${section}.match_all_linear`,
        "train.lora.targets",
        "all-linear",
      ),
      modules(`${section}.target_modules`, "train.lora.targets"),
    ].map((rule): Rule => ({
      ...rule,
      read: (setting, draft, all) => {
        if (!on(all)) draft.leave(setting, "no adapters are trained");
        else rule.read(setting, draft, all);
      },
    })),
  ].map((rule) => within(rule, megatron));
}

/** What generates beside the policy. */
const ROLLOUT: readonly Rule[] = [
  counted("grpo.num_generations_per_prompt", "train.generations"),
  {
    keys: [`${COLOCATED}.enabled`, "policy.generation.backend"],
    fields: ["train.rollout.engine"],
    values: "vllm; not colocated → external; another is taken as vllm",
    read: (setting, draft, all) => {
      const apart = readSwitch(all.get(`${COLOCATED}.enabled`)) === false;
      draft.state(setting, "train.rollout.engine", apart ? "external" : "vllm");
      const backend = plainText(all.get("policy.generation.backend") ?? "vllm");
      if (!apart && backend !== "vllm" && setting.value === backend) {
        draft.remark(
          "train.rollout.engine",
          "vllm",
          `${backend} is taken as vllm`,
        );
      }
    },
  },
  rolloutShareRule("policy.generation.vllm_cfg.gpu_memory_utilization"),
  {
    // The reference waits on the host, and is put in the policy's place before the step.
    keys: [
      "loss_fn.reference_policy_kl_penalty",
      "dpo.reference_policy_kl_penalty",
    ],
    fields: ["train.reference"],
    values: "grpo: none; dpo: precomputed",
    read: (setting, draft) => {
      draft.state(
        setting,
        "train.reference",
        setting.key.startsWith("dpo") ? "precomputed" : "none",
      );
    },
  },
];

/** Settings of examples/configs and nemo_rl/models/policy/__init__.py. */
const OWN_RULES: readonly Rule[] = [
  modelRule(["policy.model_name"]),
  {
    keys: ["teacher.model_name"],
    fields: ["train.teacher"],
    read: (setting, draft) => {
      draft.state(setting, "train.teacher", plainText(setting.value));
    },
  },
  {
    keys: ["cluster.gpus_per_node", "cluster.num_nodes"],
    fields: ["parallel.gpus"],
    values: "gpus_per_node × num_nodes, without those that only generate",
    read: stateGpus,
  },
  countedFact("policy.train_global_batch_size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  counted("policy.train_micro_batch_size", "train.micro_batch"),
  tokensRule("dynamic_batching"),
  tokensRule("sequence_packing"),
  counted("policy.max_total_sequence_length", "train.sequence_length"),
  ...ROLLOUT,
  {
    keys: [`${MEGATRON}.enabled`],
    fields: ["engine.name"],
    values: "true → megatron, false → fsdp2",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on !== null) {
        draft.state(setting, "engine.name", on ? "megatron" : "fsdp2");
      }
    },
  },
  ...adapterRules(`${DTENSOR}.lora_cfg`, false),
  ...adapterRules(`${MEGATRON}.peft`, true),
  ...[
    counted(`${DTENSOR}.tensor_parallel_size`, "parallel.tp"),
    counted(`${DTENSOR}.context_parallel_size`, "parallel.cp"),
    counted(`${DTENSOR}.expert_parallel_size`, "parallel.ep"),
    switched(
      `${DTENSOR}.activation_checkpointing`,
      "train.checkpointing",
      "full",
      "none",
    ),
    switched(`${DTENSOR}.cpu_offload`, "engine.offload_parameters", "cpu"),
  ].map((rule) => within(rule, false)),
  ...[
    ...respelled(
      MEGATRON_PARALLEL_RULES,
      (flag) => `${MEGATRON}.${flag.replaceAll("-", "_")}`,
    ),
    {
      keys: [`${MEGATRON}.activation_checkpointing`],
      fields: ["train.checkpointing"],
      values: "true → full, of recompute_granularity selective selective",
      read: (setting: FileSetting, draft: Draft, all: FileSettings) => {
        const on = switchOf(setting, draft);
        if (on === null) return;
        const selective =
          all.get(`${MEGATRON}.recompute_granularity`) === "selective";
        draft.state(
          setting,
          "train.checkpointing",
          on ? selective ? "selective" : "full" : "none",
        );
      },
    },
    switched(
      `${MEGATRON}.optimizer.optimizer_cpu_offload`,
      "engine.offload_optimizer",
      "cpu",
    ),
  ].map((rule) => within(rule, true)),
];

/** NeMo RL's settings, which may refer to each other. */
export const NEMO_RL_RULES: readonly Rule[] = OWN_RULES.map(literal);
