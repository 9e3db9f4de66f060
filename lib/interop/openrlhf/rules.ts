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
import { readCount, readSwitch, readType } from "../reading/values.ts";
import { attentionRule } from "../reading/vocabulary/attention.ts";
import { modelRule, ofFolder } from "../reading/vocabulary/model.ts";
import { resolveModel } from "../../models/resolve_model.ts";

/** What OpenRLHF's modules train for. */
export const OPENRLHF_TRAINERS: Readonly<Record<string, string>> = {
  train_sft: "sft",
  train_dpo: "dpo",
  train_kto: "kto",
  train_rm: "reward",
  train_kd: "distillation",
  train_ppo_ray: "grpo",
  train_ppo: "grpo",
};

/**
 * Whether a critic is trained on the policy's GPUs: it has GPUs of its own where
 * models are not told to share them.
 *
 * Source: OpenRLHF/OpenRLHF openrlhf/cli/train_ppo_ray.py
 */
function sharesWithCritic(all: FileSettings): boolean {
  const is = (...keys: string[]) =>
    keys.some((key) => all.has(key) && readSwitch(all.get(key)) !== false);
  const estimator = all.get("algo.advantage.estimator") ??
    all.get("advantage_estimator") ?? "gae";
  return estimator === "gae" &&
    is("train.colocate_all", "colocate_all_models") &&
    !is("ds.enable_sleep", "deepspeed_enable_sleep");
}

/** The critic is made of its own model, or of the one that scores. */
function stateCritic(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
): void {
  const given = [
    "critic.model_name_or_path",
    "critic_pretrain",
    "reward.model_name_or_path",
    "reward_pretrain",
    "model.model_name_or_path",
    "actor.model_name_or_path",
    "pretrain",
  ].map((key) => all.get(key)).find((value) => value !== undefined);
  const name = plainText(given ?? "");
  const model = ofFolder(name)?.id ?? name;
  if (resolveModel(model).ok) draft.state(setting, "train.critic", model);
  else {
    draft.leave(
      setting,
      "its critic's model is not known, and not estimated",
      true,
    );
  }
}

/** What flags of OpenRLHF decide: openrlhf/cli. */
export const OPENRLHF_RULES: readonly Rule[] = [
  {
    keys: ["openrlhf_trainer"],
    fields: ["train.objective", "train.critic"],
    values:
      "train_sft, train_dpo, train_rm, train_kd; train_ppo_ray → grpo, with a critic where all models share GPUs and none sleeps",
    read: (setting, draft, all) => {
      const name = plainText(setting.value);
      draft.state(setting, "train.objective", OPENRLHF_TRAINERS[name]);
      if (name.startsWith("train_ppo") && sharesWithCritic(all)) {
        stateCritic(setting, draft, all);
      }
    },
  },
  modelRule([
    "model.model_name_or_path",
    "actor.model_name_or_path",
    "pretrain",
  ]),
  counted("data.max_len", "train.sequence_length"),
  counted("max_len", "train.sequence_length"),
  counted(
    ["train.micro_batch_size", "micro_train_batch_size"],
    "train.micro_batch",
  ),
  countedFact(["train.batch_size", "train_batch_size"], "global_batch", [
    "train.gradient_accumulation",
  ]),
  {
    keys: ["ds.zero_stage", "zero_stage"],
    fields: ["engine.zero_stage", "engine.name"],
    values: "0 … 3",
    read: (setting, draft) => {
      draft.state(setting, "engine.name", "deepspeed");
      draft.state(setting, "engine.zero_stage", setting.value);
    },
  },
  {
    keys: ["ds.param_dtype", "param_dtype"],
    fields: ["precision.weights"],
    values: "bf16, fp16",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type) draft.state(setting, "precision.weights", type);
      else draft.refuse(setting, "must be bf16 or fp16");
    },
  },
  switched("bf16", "precision.weights", "bf16"),
  switched(
    ["ds.adam_offload", "adam_offload"],
    "engine.offload_optimizer",
    "cpu",
  ),
  switched(
    [
      "model.gradient_checkpointing_enable",
      "actor.gradient_checkpointing_enable",
      "gradient_checkpointing",
    ],
    "train.checkpointing",
    "full",
    "none",
  ),
  attentionRule(["ds.attn_implementation", "attn_implementation"]),
  switched("flash_attn", "train.attention", "flash"),
  {
    keys: ["ds.use_liger_kernel", "use_liger_kernel"],
    fields: ["train.kernels"],
    values: "true → liger",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "train.kernels", "liger");
      }
    },
  },
  {
    keys: ["ds.grad_accum_dtype", "grad_accum_dtype"],
    fields: ["precision.gradients", "engine.grad_accum_dtype"],
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (!type) return draft.refuse(setting, "must be fp32, bf16 or fp16");
      draft.state(setting, "engine.grad_accum_dtype", type);
      if (type === "fp32") draft.state(setting, "precision.gradients", "fp32");
    },
  },
  switched(
    ["ds.overlap_comm", "overlap_comm"],
    "engine.overlap_comm",
    true,
    false,
  ),
  switched(
    ["ds.load_in_4bit", "load_in_4bit"],
    "quantization.weights",
    "nf4-dq",
  ),
  {
    keys: ["ds.lora.rank", "lora_rank"],
    fields: ["train.method", "train.lora.rank"],
    values: "above 0 → lora",
    read: (setting, draft) => {
      const rank = readCount(setting.value);
      draft.fact(setting, "adapters", rank !== null);
      if (rank !== null) draft.state(setting, "train.lora.rank", rank);
    },
  },
  same(["ds.lora.alpha", "lora_alpha"], "train.lora.alpha"),
  same(["ds.lora.dropout", "lora_dropout"], "train.lora.dropout"),
  modules(["ds.lora.target_modules", "target_modules"], "train.lora.targets"),
  counted(
    ["ds.tensor_parallel_size", "ds_tensor_parallel_size"],
    "parallel.tp",
  ),
  counted(["ds.ring_attn_size", "ring_attn_size"], "parallel.cp"),
  {
    keys: ["optim"],
    fields: ["optimizer.name"],
    values: "adam → adamw, muon",
    read: (setting, draft) =>
      draft.state(
        setting,
        "optimizer.name",
        setting.value === "muon" ? "muon" : "adamw",
      ),
  },
  {
    keys: ["actor.num_gpus_per_node", "actor_num_gpus_per_node"],
    fields: ["parallel.gpus"],
    values: "× actor.num_nodes",
    read: (setting, draft, all) => {
      const count = countOf(setting, draft);
      const nodes = readCount(
        all.get("actor.num_nodes") ?? all.get("actor_num_nodes") ?? 1,
      );
      if (count === null || nodes === null) return;
      draft.state(setting, "parallel.gpus", count * nodes);
      if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", count);
    },
  },
  {
    keys: ["actor.num_nodes", "actor_num_nodes"],
    fields: ["parallel.gpus"],
    values: "with the GPUs of a node",
    read: (setting, draft) => {
      countOf(setting, draft);
    },
  },
  counted(
    ["rollout.n_samples_per_prompt", "n_samples_per_prompt"],
    "train.generations",
  ),
  counted(["data.prompt_max_len", "prompt_max_len"], "train.prompt_tokens"),
  counted([
    "rollout.generate_max_len",
    "generate_max_len",
    "rollout.max_new_tokens",
  ], "train.completion_tokens"),
  {
    keys: ["vllm.num_engines", "vllm_num_engines"],
    fields: ["train.rollout.engine"],
    values: "with colocate_all → vllm, else external; 0 → transformers",
    read: (setting, draft, all) => {
      const beside = all.has("train.colocate_all") ||
        all.has("colocate_all_models");
      draft.state(
        setting,
        "train.rollout.engine",
        Number(setting.value) > 0
          ? beside ? "vllm" : "external"
          : "transformers",
      );
    },
  },
  same(
    ["vllm.gpu_memory_utilization", "vllm_gpu_memory_utilization"],
    "train.rollout.memory_utilization",
  ),
  switched(
    ["vllm.enable_sleep", "vllm_enable_sleep"],
    "train.rollout.sleep",
    true,
  ),
  {
    keys: ["algo.kl.init_coef", "init_kl_coef"],
    fields: ["train.reference"],
    values: "0 → none",
    read: (setting, draft) => {
      if (Number(setting.value) === 0) {
        draft.state(setting, "train.reference", "none");
      } else draft.leave(setting, "there is a reference, as is estimated");
    },
  },
];
