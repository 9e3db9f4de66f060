import type { Draft } from "../reading/draft.ts";
import type { FileSettings } from "../reading/format.ts";
import { isOff, readSwitch } from "../reading/values.ts";
import type { FreezeSwitches } from "../reading/vocabulary/vision.ts";
import { finishFreeze } from "./freeze_rules.ts";
import { assumeFrozen, remarkNoImages } from "../reading/vocabulary/vision.ts";
import {
  assumeAttention,
  assumeTrainer,
} from "../training_arguments/trainer_rules.ts";

/** Parts that LLaMA-Factory freezes: hparams/finetuning_args.py. */
export const LLAMA_FACTORY_FREEZES: FreezeSwitches = {
  tower: "freeze_vision_tower",
  projector: "freeze_multi_modal_projector",
  language: "freeze_language_model",
  byDefault: { tower: true, projector: true, language: false },
  adaptersByDefault: true,
};

/** What LLaMA-Factory fills in where its file does not say, and what it refuses. */
export function finishLlamaFactory(draft: Draft, all: FileSettings): void {
  assumeTrainer(draft, all);
  assumeAttention(draft);
  const stage = all.get("stage");
  const stated = draft.stated.get("train.objective");
  if (stage === "dpo" && all.get("pref_loss") === "orpo" && stated) {
    stated.value = "orpo";
  }
  if (stage === "dpo" && all.get("pref_loss") === "simpo") {
    // hparams/finetuning_args.py, use_ref_model
    draft.assume("train.reference", "none", "pref_loss simpo asks none");
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
  remarkNoImages(draft);
  assumeFrozen(draft, all, LLAMA_FACTORY_FREEZES);
  if (isMegatron(draft, all)) return assumeMegatron(draft);
  const pure = readSwitch(all.get("pure_bf16") ?? false) === true;
  if (!pure && !isOff(all.get("bf16") ?? all.get("fp16") ?? false)) {
    draft.facts.set("trainable_fp32", {
      value: true,
      key: "LLaMA-Factory without pure_bf16",
    });
    // model/adapter.py: what does not train stays in the type that it is loaded in.
    const type = draft.facts.get("mixed_precision")?.value;
    const some = draft.valueAt("train.trainable") ?? "all";
    const layers = draft.valueAt("train.trainable_layers") ?? null;
    if (type && type !== "no" && (some !== "all" || layers !== null)) {
      draft.assume(
        "precision.frozen",
        type,
        "LLaMA-Factory casts to fp32 what trains alone",
      );
    }
  }
  finishFreeze(draft, all);
}

/** Sizes that LLaMA-Factory hands to mcore_adapter or Megatron-Bridge. */
const SIZES = [
  "tensor_model_parallel_size",
  "pipeline_model_parallel_size",
  "expert_model_parallel_size",
  "context_parallel_size",
  "recompute_granularity",
] as const;

function isMegatron(draft: Draft, all: FileSettings): boolean {
  return draft.stated.get("engine.name")?.value === "megatron" ||
    SIZES.some((key) => all.has(key));
}

/** What Megatron does with bf16: train/mca, train/megatron_bridge. */
function assumeMegatron(draft: Draft): void {
  const type = draft.facts.get("mixed_precision")?.value ?? "bf16";
  draft.facts.delete("mixed_precision");
  draft.assumed.delete("optimizer.implementation");
  for (
    const [path, value, reason] of [
      ["engine.name", "megatron", "the sizes are Megatron's"],
      ["software.model_code", "megatron", "the model is Megatron-Core's"],
      [
        "precision.weights",
        type === "no" ? "fp32" : type,
        `Megatron casts the model to ${type}`,
      ],
      ["precision.gradients", "fp32", "Megatron accumulates gradients in fp32"],
      ["train.attention", "flash", "Transformer Engine picks a flash kernel"],
    ] as const
  ) draft.assume(path, value, reason);
  // Its own recomputation stands for the Trainer's checkpoints.
  if (!draft.stated.has("train.checkpointing")) {
    draft.assume(
      "train.checkpointing",
      "none",
      "recompute_granularity is not given",
    );
  }
}
