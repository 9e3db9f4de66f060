import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { counted, countOf } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";
import {
  MEGATRON_NEUTRAL,
  MEGATRON_UNEXPRESSED,
} from "../reading/vocabulary/megatron/left_out.ts";
import { MEGATRON_PARALLEL_RULES } from "../reading/vocabulary/megatron/parallel_rules.ts";
import { MEGATRON_PRECISION_RULES } from "../reading/vocabulary/megatron/precision_rules.ts";
import { MEGATRON_STEP_RULES } from "../reading/vocabulary/megatron/step_rules.ts";
import { modelRule } from "../reading/vocabulary/model.ts";

/** Tokens of a prompt where no flag limits them. */
const PROMPT = 1024;

const RULES: readonly Rule[] = [
  modelRule(["hf-checkpoint"]),
  {
    keys: ["actor-num-nodes", "actor-num-gpus-per-node"],
    fields: ["parallel.gpus"],
    values: "the one × the other: GPUs that train",
    read: (setting, draft, all) => {
      if (countOf(setting, draft) === null) return;
      const nodes = readCount(all.get("actor-num-nodes") ?? 1) ?? 1;
      const each = readCount(all.get("actor-num-gpus-per-node") ?? 8) ?? 8;
      draft.state(setting, "parallel.gpus", nodes * each);
      if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", each);
    },
  },
  counted("n-samples-per-prompt", "train.generations"),
  counted("rollout-max-response-len", "train.completion_tokens"),
  counted("rollout-max-prompt-len", "train.prompt_tokens"),
  counted("micro-batch-size", "train.micro_batch"),
  {
    keys: ["sglang-mem-fraction-static"],
    fields: ["train.rollout.memory_utilization"],
    values: "with colocate",
    read: (setting, draft, all) => {
      const share = Number(setting.value);
      if (!("colocate" in all.root)) {
        draft.leave(setting, "the engine has GPUs of its own");
      } else if (share > 0 && share <= 1) {
        draft.state(setting, "train.rollout.memory_utilization", share);
      } else draft.refuse(setting, "must be above 0 and at most 1");
    },
  },
  {
    keys: ["loss-type"],
    fields: ["train.objective"],
    values: "sft_loss → sft, policy_loss → grpo",
    read: (setting, draft) => {
      draft.state(
        setting,
        "train.objective",
        setting.value === "sft_loss" ? "sft" : "grpo",
      );
    },
  },
  ...MEGATRON_PARALLEL_RULES,
  ...MEGATRON_PRECISION_RULES,
  ...MEGATRON_STEP_RULES,
];

/** slime's trainers, whose flags are Megatron-LM's and its own: slime/utils/arguments.py. */
export const slimeCommand: Format = {
  id: "slime",
  title: "slime",
  kind: "shell",
  recognises: (flags) =>
    "hf-checkpoint" in flags &&
    ["actor-num-gpus-per-node", "rollout-batch-size", "max-tokens-per-gpu"]
      .some((flag) => flag in flags),
  rules: RULES,
  unexpressed: [
    ...MEGATRON_UNEXPRESSED,
    {
      keys: ["use-critic", "critic-num-gpus-per-node", "mtp-num-layers"],
      reason: "no field says it",
      moves_memory: true,
    },
  ],
  neutral: [
    ...MEGATRON_NEUTRAL,
    /^(?:rollout|sglang|eval|prompt|input|label|apply-chat|rm|num-rollout|n-samples|balance|advantage|use-kl|kl|entropy|eps|ref|load|save|custom|over-sampling|dynamic-sampling|partial|colocate|offload|use-dynamic|max-tokens-per-gpu|log-probs|global-batch|num-steps-per|update-weight|tool|metadata|reward|buffer|data-source|debug|calculate|use-rollout|use-tis|tis|get-mismatch|use-slime|use-fault|megatron-to-hf|train-env|loss-mask|disable-compute|address|runtime-env|no-wait|num-epoch|model-name|train-memory|router|use-miles|use-routing|http|wandb|use-wandb|use-tensorboard|tb)/,
    // The checkpoint tells the model, which these say over.
    /^(?:num-layers|hidden-size|ffn-hidden-size|num-attention-heads|kv-channels|num-query-groups|group-query|max-position|num-experts|moe-(?:router-topk|ffn|shared-expert)|vocab-size|make-vocab|untie|normalization|norm-epsilon|swiglu|disable-bias|add-qkv|qk-layernorm|position-embedding|rotary|use-rotary|no-rope|multi-latent|q-lora|kv-lora|qk-|v-head|moe-layer|spec)/,
  ],
  finish: finishSlime,
};

/** What slime does where no flag says otherwise. */
function finishSlime(draft: Draft, all: FileSettings): void {
  draft.assume("engine.name", "megatron", "slime trains by Megatron-Core");
  draft.assume(
    "software.model_code",
    "megatron",
    "the model is Megatron-Core's",
  );
  draft.assume("train.attention", "flash", "sequences are packed");
  // slime/backends/megatron_utils/arguments.py, _set_default_megatron_args.
  draft.assume("precision.weights", "bf16", "bf16 is on unless fp16 is");
  draft.assume("engine.distributed_optimizer", true, "slime always sets it");
  draft.assume(
    "precision.gradients",
    "fp32",
    "Megatron's bf16 accumulates gradients in fp32",
  );
  draft.assume("train.method", "full", "all parameters are trained");
  draft.assume("train.objective", "grpo", "the loss is policy_loss by default");
  const completion = Number(draft.valueAt("train.completion_tokens") ?? NaN);
  if (draft.valueAt("train.objective") === "grpo") {
    stateRollout(draft, all);
    draft.assume("train.prompt_tokens", PROMPT, "no flag limits prompts");
    draft.assume("train.completion_tokens", 1024, "no flag limits responses");
  }
  const prompt = Number(draft.valueAt("train.prompt_tokens") ?? 0);
  const packed = readCount(all.get("max-tokens-per-gpu"));
  const length = Number.isFinite(completion) ? prompt + completion : packed;
  if (length === null) return;
  draft.assume("train.sequence_length", length, "a prompt and its response");
  if (packed === null) return;
  const cp = Number(draft.valueAt("parallel.cp") ?? 1);
  draft.assume(
    "train.micro_batch",
    Math.max(1, Math.floor(packed * cp / length)),
    "max-tokens-per-gpu holds so many of the longest sequences",
  );
}

/** The reference's weights wait on the host, and take the policy's place in turn. */
function stateRollout(draft: Draft, all: FileSettings): void {
  draft.assume("train.reference", "none", "a reference waits on the host");
  if ("colocate" in all.root) {
    draft.assume("train.rollout.engine", "vllm", "SGLang is taken as vLLM");
    draft.assume("train.rollout.sleep", true, "colocate offloads the engine");
  } else {
    draft.assume(
      "train.rollout.engine",
      "external",
      "colocate is not given: the engine has GPUs of its own",
    );
  }
}
