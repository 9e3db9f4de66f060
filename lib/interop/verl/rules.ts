import type { Draft, FileSetting } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  countOf,
  modules,
  same,
  switched,
  switchOf,
} from "../reading/rules.ts";
import { BESIDE_RULES } from "./beside_rules.ts";
import { readCount, readSwitch, readType } from "../reading/values.ts";
import { attentionRule } from "../reading/vocabulary/attention.ts";
import { offloadedRule } from "../reading/vocabulary/fsdp.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { MEGATRON_PARALLEL_RULES } from "../reading/vocabulary/megatron/parallel_rules.ts";
import { respelled } from "../reading/vocabulary/megatron/respelled.ts";
import { MEGATRON_STEP_RULES } from "../reading/vocabulary/megatron/step_rules.ts";
import { rolloutShareRule } from "../reading/vocabulary/rollout.ts";

/** The actor's section, and the same of the trainers of SFT. */
const ACTOR = "actor_rollout_ref.actor";
const MODEL = "actor_rollout_ref.model";

/** Whether the run is one of reinforcement learning. */
export function isRollout(all: FileSettings): boolean {
  return all.raw("verl_trainer") === "rl" || all.has("actor_rollout_ref");
}

function stateStrategy(setting: FileSetting, draft: Draft): void {
  const name = plainText(setting.value);
  if (["fsdp", "fsdp2", "megatron"].includes(name)) {
    draft.state(setting, "engine.name", name);
  } else draft.leave(setting, "not an engine that Headroom knows", true);
}

/** GPUs of a cluster: those of a node by the nodes. */
const GPUS: Rule = {
  keys: ["trainer.n_gpus_per_node", "trainer.nnodes"],
  fields: ["parallel.gpus"],
  values: "n_gpus_per_node × nnodes",
  read: (setting, draft, all) => {
    const at = (key: string, usual: number): number | null =>
      all.raw(key) === undefined ? usual : readCount(all.get(key));
    const count = at("trainer.n_gpus_per_node", 8);
    const nodes = at("trainer.nnodes", 1);
    if (count === null || nodes === null) return;
    draft.state(setting, "parallel.gpus", count * nodes);
    if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", count);
  },
};

/** What generates beside the policy. */
const ROLLOUT: readonly Rule[] = [
  ...BESIDE_RULES,
  counted("actor_rollout_ref.rollout.n", "train.generations"),
  {
    keys: ["actor_rollout_ref.rollout.name"],
    fields: ["train.rollout.engine"],
    values: "vllm; hf → transformers; sglang is taken as vllm",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      draft.state(
        setting,
        "train.rollout.engine",
        name === "hf" ? "transformers" : "vllm",
      );
      if (name !== "hf" && name !== "vllm") {
        draft.remark(
          "train.rollout.engine",
          "vllm",
          `${name} is taken as vllm`,
        );
      }
    },
  },
  rolloutShareRule("actor_rollout_ref.rollout.gpu_memory_utilization"),
  switched(
    "actor_rollout_ref.rollout.free_cache_engine",
    "train.rollout.sleep",
    true,
    false,
  ),
  {
    keys: [`${ACTOR}.use_kl_loss`, "algorithm.use_kl_in_reward"],
    fields: ["train.reference"],
    values: "neither → none",
    read: (setting, draft, all) => {
      if (switchOf(setting, draft) === null) return;
      const uses = [`${ACTOR}.use_kl_loss`, "algorithm.use_kl_in_reward"]
        .some((key) => readSwitch(all.get(key)) === true);
      if (!uses) draft.state(setting, "train.reference", "none");
      else draft.leave(setting, "there is a reference, as is estimated");
    },
  },
];

/** How the batch of a GPU is given: in sequences, or in tokens. */
const BATCH: readonly Rule[] = [
  counted(
    [`${ACTOR}.ppo_micro_batch_size_per_gpu`, "data.micro_batch_size_per_gpu"],
    "train.micro_batch",
  ),
  {
    keys: [`${ACTOR}.ppo_max_token_len_per_gpu`, "data.max_token_len_per_gpu"],
    fields: ["train.micro_batch"],
    values: "with use_dynamic_bsz: ÷ the longest sequence",
    read: (setting, draft, all) => {
      const tokens = countOf(setting, draft);
      const on = readSwitch(
        all.get(`${ACTOR}.use_dynamic_bsz`) ?? all.get("data.use_dynamic_bsz"),
      );
      if (tokens === null) return;
      if (on !== true) {
        return draft.leave(setting, "use_dynamic_bsz is not set");
      }
      const [prompt, response] = ["prompt", "response"].map((part) =>
        readCount(all.get(`data.max_${part}_length`))
      );
      const longest = readCount(all.get("data.max_length")) ??
        (prompt ?? 512) + (response ?? 512);
      draft.assume(
        "train.micro_batch",
        Math.max(1, Math.floor(tokens / longest)),
        `${setting.key} holds so many of the longest sequences`,
      );
    },
  },
  {
    keys: [`${ACTOR}.use_dynamic_bsz`, "data.use_dynamic_bsz"],
    fields: ["train.micro_batch"],
    values: "with the tokens of a GPU",
    read: (setting, draft) => {
      switchOf(setting, draft);
    },
  },
  counted("data.max_prompt_length", "train.prompt_tokens"),
  counted("data.max_response_length", "train.completion_tokens"),
  counted("data.max_length", "train.sequence_length"),
];

/** Megatron's settings in the sections that verl gives them. */
const MEGATRON: readonly Rule[] = [`${ACTOR}.megatron.`, "engine."].flatMap(
  (section) => [
    ...respelled(
      MEGATRON_PARALLEL_RULES,
      (flag) => `${section}${flag.replaceAll("-", "_")}`,
    ).filter(({ keys }) => !keys.some((key) => /sequence_parallel$/.test(key))),
    switched(
      `${section}sequence_parallel`,
      "parallel.sequence_parallel",
      true,
      false,
    ),
    ...respelled(
      MEGATRON_STEP_RULES,
      (flag) =>
        `${section}override_transformer_config.${flag.replaceAll("-", "_")}`,
    ),
  ],
);

/** What verl's hydra settings decide: verl/trainer/config. */
export const VERL_RULES: readonly Rule[] = [
  modelRule([`${MODEL}.path`, "model.path", "model.partial_pretrain"]),
  GPUS,
  ...ROLLOUT,
  ...BATCH,
  {
    keys: [`${ACTOR}.strategy`, "model.strategy", "engine.strategy"],
    fields: ["engine.name"],
    values: "fsdp, fsdp2, megatron",
    read: stateStrategy,
  },
  switched(
    [
      `${MODEL}.enable_gradient_checkpointing`,
      "model.enable_gradient_checkpointing",
    ],
    "train.checkpointing",
    "full",
    "none",
  ),
  switched(
    [`${MODEL}.enable_activation_offload`, "model.enable_activation_offload"],
    "train.checkpoint_offload",
    true,
    false,
  ),
  {
    keys: [
      `${MODEL}.lora_rank`,
      `${MODEL}.lora.rank`,
      "model.lora_rank",
      "model.lora.rank",
    ],
    fields: ["train.method", "train.lora.rank"],
    values: "above 0 → lora",
    read: (setting, draft) => {
      const rank = readCount(setting.value);
      draft.fact(setting, "adapters", rank !== null);
      if (rank !== null) draft.state(setting, "train.lora.rank", rank);
    },
  },
  same(
    [`${MODEL}.lora_alpha`, `${MODEL}.lora.alpha`, "model.lora_alpha"],
    "train.lora.alpha",
  ),
  modules(
    [`${MODEL}.target_modules`, "model.target_modules"],
    "train.lora.targets",
  ),
  switched([`${MODEL}.use_liger`, "model.use_liger"], "train.kernels", "liger"),
  switched([`${MODEL}.use_fused_kernels`], "train.loss", "fused"),
  attentionRule([
    `${MODEL}.override_config.attn_implementation`,
    "model.override_config.attn_implementation",
  ]),
  {
    keys: [
      `${ACTOR}.fsdp_config.model_dtype`,
      "model.fsdp_config.model_dtype",
      "engine.model_dtype",
    ],
    fields: ["precision.weights"],
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type) draft.state(setting, "precision.weights", type);
      else draft.refuse(setting, "must be fp32, bf16 or fp16");
    },
  },
  offloadedRule("model.fsdp_config.cpu_offload"),
  switched(
    `${ACTOR}.optim.override_optimizer_config.optimizer_cpu_offload`,
    "engine.offload_optimizer",
    "cpu",
  ),
  {
    keys: [
      `${ACTOR}.ulysses_sequence_parallel_size`,
      `${ACTOR}.fsdp_config.ulysses_sequence_parallel_size`,
      "ulysses_sequence_parallel_size",
      "engine.ulysses_sequence_parallel_size",
    ],
    fields: ["parallel.cp", "parallel.cp_kind"],
    values: "of several, as ulysses",
    read: (setting, draft) => {
      const count = countOf(setting, draft);
      if (count === null) return;
      draft.state(setting, "parallel.cp", count);
      if (count > 1) draft.state(setting, "parallel.cp_kind", "ulysses");
    },
  },
  ...MEGATRON,
];
