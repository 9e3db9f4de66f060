import { isObject } from "../../scenario/fields.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";
import { shippedFile } from "../reading/shipped.ts";
import { readCount } from "../reading/values.ts";
import { nemoRlCommand } from "./command.ts";
import { isMegatron, NEMO_RL_RULES } from "./rules.ts";
import SHIPPED from "./shipped.json" with { type: "json" };

/** The sections that say what is trained for. */
const OBJECTIVES: Readonly<Record<string, string>> = {
  distillation: "distillation",
  grpo: "grpo",
  dpo: "dpo",
  rm: "reward",
  sft: "sft",
};

/** NeMo RL's files, which stand over others, and its scripts. */
export const nemoRlFile: Format = {
  id: "nemo-rl",
  title: "NeMo RL",
  kind: "mapping",
  command: nemoRlCommand,
  inherits: ({ defaults }) => typeof defaults === "string" ? defaults : null,
  shipped: (path) =>
    shippedFile(
      SHIPPED,
      path.replace(/^(?:.*\/)?(?=[^/]+$)/, "examples/configs/"),
      "examples/configs",
    ),
  recognises: ({ policy, cluster, defaults, ...rest }) =>
    isObject(policy) &&
    (isObject(cluster) || typeof defaults === "string" ||
      Object.keys(OBJECTIVES).some((name) => isObject(rest[name]))) &&
    !("actor_rollout_ref" in rest),
  rules: NEMO_RL_RULES,
  unexpressed: [
    unexpressed(
      [
        "policy.megatron_cfg.fp8_cfg.enabled",
        "policy.megatron_cfg.use_fused_linear_logprobs",
        "policy.logprob_chunk_size",
        "policy.megatron_cfg.mtp_num_layers",
        "policy.draft.enabled",
        "policy.megatron_cfg.fine_grained_activation_offloading",
      ],
      "no field says it",
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`
    defaults checkpointing data env logger loss_fn grpo dpo rm sft distillation
    cluster reward_penalties async_grpo teacher value ppo value_loss_fn
  `,
    /^policy\.(?:tokenizer|generation|optimizer|scheduler|max_grad_norm|precision|hf_config|make_sequence|logprob|generation_batch|offload_optimizer|refit|worker|dynamic_batching|sequence_packing|megatron_cfg|dtensor_cfg|draft|train_global|quant)/,
  ],
  finish: finishNemoRl,
};

/** What NeMo RL does where nothing says otherwise. */
function finishNemoRl(draft: Draft, all: FileSettings): void {
  const objective = Object.keys(OBJECTIVES).find((name) =>
    name in all.root ||
    Object.keys(all.root).some((key) => key.startsWith(`${name}.`))
  );
  const isRollout = objective === "grpo" || objective === "distillation";
  draft.assume(
    "train.objective",
    OBJECTIVES[objective ?? "sft"],
    objective === undefined
      ? "no section says what is trained for"
      : `there is a section ${objective}`,
  );
  if (isMegatron(all)) {
    draft.assume(
      "software.model_code",
      "megatron",
      "the model is Megatron-Core's",
    );
    draft.assume("precision.weights", "bf16", "Megatron's weights are bf16");
    draft.assume(
      "engine.distributed_optimizer",
      true,
      "use_distributed_optimizer is on by default",
    );
  } else {
    draft.assume(
      "engine.name",
      "fsdp2",
      "DTensor's policy is sharded by FSDP 2",
    );
    // nemo_rl/models/automodel/setup.py: torch_dtype is always float32.
    draft.assume("precision.weights", "fp32", "master weights are fp32");
    draft.assume("precision.autocast", "bf16", "FSDP 2 computes in precision");
    if (draft.facts.get("adapters")?.value === true) {
      draft.assume(
        "train.lora.targets",
        "all-linear",
        "match_all_linear is on",
      );
    }
  }
  draft.assume("train.attention", "flash", "packed sequences need it");
  if (!draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: false, key: "lora_cfg.enabled" });
    draft.remark("train.method", "full", "lora_cfg is off by default");
  }
  draft.assume("parallel.gpus", 1, "gpus_per_node is 1 by default");
  const total = Number(draft.valueAt("train.sequence_length"));
  if (!isRollout || !(total > 1)) return;
  if (objective === "grpo") {
    draft.assume("train.rollout.engine", "vllm", "vllm generates by default");
    draft.assume(
      "train.rollout.sleep",
      true,
      "it sleeps while the policy trains",
    );
  }
  const longest = readCount(all.get("policy.generation.max_new_tokens"));
  const completion = longest !== null && longest < total
    ? longest
    : total - Math.ceil(total / 4);
  draft.assume(
    "train.completion_tokens",
    completion,
    longest === completion
      ? "max_new_tokens allows so many"
      : "three quarters of max_total_sequence_length",
  );
  draft.assume(
    "train.prompt_tokens",
    total - completion,
    "what completions leave of max_total_sequence_length",
  );
}
