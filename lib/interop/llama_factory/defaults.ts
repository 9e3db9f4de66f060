import type { Draft } from "../reading/draft.ts";
import type { FileSettings } from "../reading/format.ts";
import { isOff, readSwitch } from "../reading/values.ts";
import {
  assumeAttention,
  assumeTrainer,
} from "../training_arguments/trainer_rules.ts";

/** What LLaMA-Factory fills in where its file does not say, and what it refuses. */
export function finishLlamaFactory(draft: Draft, all: FileSettings): void {
  assumeTrainer(draft, all);
  assumeAttention(draft);
  const stage = all.get("stage");
  const stated = draft.stated.get("train.objective");
  if (stage === "dpo" && all.get("pref_loss") === "orpo" && stated) {
    stated.value = "orpo";
  }
  // model/loader.py: other stages need the logits, and Liger's fused loss is off.
  const loss = draft.stated.get("train.loss");
  if (
    loss?.key.endsWith("enable_liger_kernel") && typeof stage === "string" &&
    stage !== "sft" && stage !== "pt"
  ) {
    draft.stated.set("train.loss", { ...loss, value: "full" });
    const said = draft.understood.find(({ key, path }) =>
      key === loss.key && path === "train.loss"
    );
    if (said) said.becomes = "full";
    draft.remark(
      "train.loss",
      "full",
      `stage ${stage} needs the logits, so Liger's fused loss is off`,
    );
  }
  for (
    const [path, value, reason] of [
      ["train.sequence_length", 2048, "cutoff_len is 2048"],
      ["train.checkpointing", "full", "LLaMA-Factory checkpoints"],
      ["train.lora.rank", 8, "lora_rank is 8"],
      ["train.lora.targets", "all-linear", "lora_target is all"],
    ] as const
  ) {
    draft.assume(path, value, `${reason} where the file does not say`);
  }
  const rank = Number(draft.valueAt("train.lora.rank"));
  if (Number.isInteger(rank)) {
    draft.assume("train.lora.alpha", 2 * rank, "lora_alpha is twice lora_rank");
  }
  if (!draft.facts.has("adapters") && !all.has("finetuning_type")) {
    draft.facts.set("adapters", { value: true, key: "finetuning_type" });
    draft.remark("train.method", "lora", "finetuning_type is lora by default");
  }
  if (all.has("tensor_model_parallel_size")) {
    draft.assume("engine.name", "megatron", "the sizes are Megatron's");
  }
  const quantized = draft.stated.get("quantization.weights");
  if (quantized && draft.facts.get("adapters")?.value === false) {
    draft.problems.push({
      path: quantized.key,
      message:
        `${quantized.key} and finetuning_type contradict each other: LLaMA-Factory trains quantized weights with lora alone, not full`,
    });
  }
  draft.assume(
    "quantization.kbit_upcast",
    false,
    "LLaMA-Factory leaves the rest of a quantized model in its type",
  );
  const pure = readSwitch(all.get("pure_bf16") ?? false) === true;
  if (!pure && !isOff(all.get("bf16") ?? all.get("fp16") ?? false)) {
    draft.facts.set("trainable_fp32", {
      value: true,
      key: "LLaMA-Factory without pure_bf16",
    });
  }
}
