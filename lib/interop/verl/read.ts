import { isObject } from "../../scenario/fields.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";
import { verlCommand } from "./command.ts";
import { isRollout, VERL_RULES } from "./rules.ts";

const ACTOR = "actor_rollout_ref.actor";
const REF = "actor_rollout_ref.ref";

/** verl's trainers: hydra's settings, in a command or a file. */
export const verlFile: Format = {
  id: "verl",
  title: "verl",
  kind: "mapping",
  command: verlCommand,
  recognises: (values) => isObject(values["actor_rollout_ref"]),
  rules: VERL_RULES,
  unexpressed: [
    unexpressed(
      [
        `${ACTOR}.fsdp_config.param_offload`,
        `${ACTOR}.fsdp_config.optimizer_offload`,
        `${ACTOR}.megatron.param_offload`,
        `${ACTOR}.megatron.optimizer_offload`,
        `${ACTOR}.megatron.grad_offload`,
        "engine.param_offload",
        "engine.optimizer_offload",
        "engine.grad_offload",
      ],
      "they wait on the host between phases, and lie on the GPU in the update",
      false,
    ),
    unexpressed(
      [`${REF}.fsdp_config.param_offload`, `${REF}.megatron.param_offload`],
      "a reference that waits on the host is counted on the GPU",
    ),
    unexpressed(
      [
        `${ACTOR}.ppo_micro_batch_size`,
        `${ACTOR}.fsdp_config.fsdp_size`,
        "engine.fsdp_size",
        "model.fsdp_config.fsdp_size",
        `${ACTOR}.entropy_checkpointing`,
        `${ACTOR}.entropy_from_logits_with_chunking`,
        `${ACTOR}.entropy_coeff`,
        "data.micro_batch_size",
        "config_name",
        "actor_rollout_ref.model.exclude_modules",
        "actor_rollout_ref.model.mtp.enable",
      ],
      "no field says it",
    ),
    unexpressed(
      ["reward_model.enable", "critic.model.path"],
      "read with what has a reward model or a critic",
      false,
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`
    verl_trainer algorithm trainer global_profiler ray_kwargs ray_init hydra
    custom_reward_function reward_manager transfer_queue async_training
  `,
    /^(?:data|critic|reward_model|reward|optim|checkpoint|profiler)\./,
    /^actor_rollout_ref\.(?:rollout|ref|nccl_timeout|hybrid_engine)\b/,
    /^(?:actor_rollout_ref\.)?model\.(?:use_remove_padding|trust_remote_code|use_shm|external_lib|override_config|fused_kernel_options|lora|mtp|custom_chat_template|tokenizer_path|hybrid_engine|path|load_param|use_external_lib)\b/,
    /^actor_rollout_ref\.actor\.(?:optim|ppo_|kl_|clip_|loss_|grad_clip|use_torch_compile|checkpoint|profiler|policy_loss|shuffle|data_loader_seed|router_replay|tis_|calculate_|recompute_old|rollout_n|fsdp_config\.(?:forward_prefetch|wrap_policy|reshard|strategy|use_torch_compile|offload_policy|seed|entropy|dtype|ulysses))/,
    /^(?:actor_rollout_ref\.actor\.megatron|engine)\.(?:use_|dist_|vanilla_|seed|override_|extra|load_weight|default_|forward_only|strategy|wrap_policy|max_token|infer_|micro_batch)/,
    /^(?:use_remove_padding|rollout|nnodes|n_gpus_per_node)\b/,
  ],
  finish: finishVerl,
};

/** What verl does where nothing says otherwise: verl/trainer/config. */
function finishVerl(draft: Draft, all: FileSettings): void {
  const rl = isRollout(all);
  const isMegatron = draft.stated.get("engine.name")?.value === "megatron" ||
    String(all.get("config_name") ?? "").includes("megatron") ||
    all.has(`${ACTOR}.megatron.tensor_model_parallel_size`) ||
    all.has(`${ACTOR}.megatron.pipeline_model_parallel_size`);
  draft.assume(
    "engine.name",
    isMegatron ? "megatron" : rl ? "fsdp" : "fsdp2",
    isMegatron ? "its sizes are Megatron's" : "strategy is this by default",
  );
  if (isMegatron) {
    draft.assume(
      "software.model_code",
      "megatron",
      "the model is Megatron-Core's",
    );
    draft.assume("precision.weights", "bf16", "Megatron's weights are bf16");
    draft.assume("precision.gradients", "fp32", "Megatron reduces in fp32");
  } else {
    draft.assume("precision.weights", "fp32", "model_dtype is fp32 by default");
    draft.assume(
      "precision.autocast",
      "bf16",
      "FSDP's mixed precision is bf16",
    );
    draft.assume(
      "train.checkpointing",
      "full",
      "enable_gradient_checkpointing is on by default",
    );
  }
  draft.assume("train.attention", "flash", "flash_attention_2 is its default");
  draft.assume("parallel.gpus", 8, "n_gpus_per_node is 8 by default");
  if (!draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: false, key: "lora_rank" });
    draft.remark("train.method", "full", "lora_rank is 0 by default");
  }
  if (!rl) {
    draft.assume("train.objective", "sft", "the trainer is one of SFT");
    draft.assume(
      "train.micro_batch",
      4,
      "micro_batch_size_per_gpu is 4 by default",
    );
    draft.assume(
      "train.sequence_length",
      1024,
      "max_length is 1024 by default",
    );
    return;
  }
  draft.assume("train.objective", "grpo", "the trainer scores completions");
  draft.assume(
    "train.rollout.sleep",
    true,
    "free_cache_engine is on by default",
  );
  for (
    const [path, key] of [
      ["train.prompt_tokens", "max_prompt_length"],
      ["train.completion_tokens", "max_response_length"],
    ] as const
  ) draft.assume(path, 512, `${key} is 512 by default`);
  const [prompt, completion] = ["prompt", "completion"].map((part) =>
    Number(draft.valueAt(`train.${part}_tokens`))
  );
  draft.assume(
    "train.sequence_length",
    (prompt ?? 512) + (completion ?? 512),
    "a prompt and its completion",
  );
}
