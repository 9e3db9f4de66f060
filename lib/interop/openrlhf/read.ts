import { flagValues } from "../reading/commands/flag_values.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import { unexpressed } from "../reading/rules.ts";
import { OPENRLHF_RULES, OPENRLHF_TRAINERS } from "./rules.ts";

/** OpenRLHF's trainers, whose flags have sections since 0.9: openrlhf/cli. */
export const openrlhfCommand: Format = {
  id: "openrlhf",
  title: "OpenRLHF",
  kind: "mapping",
  recognises: () => false,
  command: ({ kind, name, path, args }) => {
    const trainer = kind === "script"
      ? /(?:^|\/)openrlhf\/cli\/(train_\w+)\.py$/.exec(path)?.[1]
      : /^openrlhf\.cli\.(train_\w+)$/.exec(name)?.[1];
    return trainer !== undefined && Object.hasOwn(OPENRLHF_TRAINERS, trainer)
      ? { values: { openrlhf_trainer: trainer, ...flagValues(args).values } }
      : null;
  },
  rules: OPENRLHF_RULES,
  unexpressed: [
    unexpressed(
      [
        "ref.offload",
        "ref_offload",
        "ds.zpg",
        "zpg",
        "ds.deepcompile",
        "ds.enable_sleep",
        "deepspeed_enable_sleep",
        "train.max_tokens_per_gpu",
        "train.dynamic_batch_enable",
        "use_dynamic_batch",
        "model.gradient_checkpointing_reentrant",
        "train.colocate_actor_ref",
        "train.colocate_critic_reward",
        "actor.freeze_steps",
        "ds.gather_params",
        "freezing_actor_steps",
      ],
      "no field says it",
    ),
    unexpressed(
      [
        "critic.model_name_or_path",
        "critic_pretrain",
        "reward.model_name_or_path",
        "reward_pretrain",
        "ref.model_name_or_path",
        "ref_pretrain",
        "teacher_model",
      ],
      "models beside the policy are counted as the objective has them",
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`
    ckpt logger eval data adam muon algo reward critic ref vllm rollout train
    actor model ds local_rank lr_scheduler lr_warmup_ratio min_lr_ratio
    max_norm use_ms
  `,
    anyKeyOf(KEY_END.wordOrSection)`
    save load logging max_epochs max_samples learning_rate actor_learning
    critic_learning beta dataset input output apply_chat packing_samples
    prompt_data chosen rejected use_wandb wandb eval label normalize
    advantage_estimator colocate_all gamma temperature top_p seed disable
    remote_rm ref_num critic_num reward_num micro_rollout rollout_batch
    aux_loss nll_loss kl value_head margin_loss compute_fp32 agent async
    vllm_tensor vllm_sync enforce_eager enable_prefix ref_reward num_episodes
    policy_loss dynamic_filtering entropy eps_clip
  `,
  ],
  finish: finishOpenrlhf,
};

/** What OpenRLHF does where a flag is left out: openrlhf/cli. */
function finishOpenrlhf(draft: Draft, all: FileSettings): void {
  const trainer = plainText(all.get("openrlhf_trainer"));
  const usual = trainer === "train_dpo" || trainer === "train_rm" ? 512 : 2048;
  draft.assume("engine.name", "deepspeed", "OpenRLHF trains by DeepSpeed");
  draft.assume("engine.zero_stage", 2, "zero_stage is 2 by default");
  draft.assume("precision.weights", "bf16", "param_dtype is bf16 by default");
  draft.assume(
    "train.attention",
    "flash",
    "attn_implementation is flash_attention_2",
  );
  draft.assume(
    "train.micro_batch",
    trainer === "train_ppo_ray" ? 4 : 8,
    "micro_batch_size is this by default",
  );
  draft.assume(
    "train.sequence_length",
    usual,
    `max_len is ${usual} by default`,
  );
  if (!draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: false, key: "lora rank" });
    draft.remark("train.method", "full", "the rank of LoRA is 0 by default");
  }
  draft.assume(
    "train.lora.targets",
    "all-linear",
    "target_modules is all-linear",
  );
}
