import type { Draft } from "../reading/draft.ts";
import {
  assumeEvaluation,
  axolotlEvaluates,
} from "../reading/vocabulary/evaluation.ts";
import type { FileSettings } from "../reading/format.ts";
import { isOff, readCount, readSwitch } from "../reading/values.ts";
import { remarkNoImages } from "../reading/vocabulary/vision.ts";

/** What Axolotl fills in where its file does not say, and what it refuses. */
export function finishAxolotl(draft: Draft, all: FileSettings): void {
  draft.assume("train.micro_batch", 1, "micro_batch_size is 1 by default");
  draft.assume("train.sequence_length", 512, "sequence_len is 512 by default");
  draft.assume(
    "train.attention",
    "sdpa",
    "transformers takes sdpa where no kernel is named",
  );
  if (!all.has("optimizer")) {
    draft.assume(
      "optimizer.implementation",
      "fused",
      "optimizer is adamw_torch_fused by default",
    );
  }
  const adapter = all.get("adapter");
  const quantized = draft.stated.get("quantization.weights");
  if (adapter === "qlora" && !quantized) {
    draft.assume(
      "quantization.weights",
      readSwitch(all.get("bnb_config_kwargs.bnb_4bit_use_double_quant")) ===
          false
        ? "nf4"
        : "nf4-dq",
      "adapter is qlora, which needs load_in_4bit",
    );
  }
  if (adapter === "qlora" && quantized?.value === "int8") {
    draft.problems.push({
      path: quantized.key,
      message:
        `${quantized.key} and adapter contradict each other: qlora is trained over 4-bit weights`,
    });
  }
  if (quantized && isOff(adapter ?? "")) {
    draft.problems.push({
      path: quantized.key,
      message:
        `${quantized.key} needs an adapter: Axolotl trains quantized weights with adapters alone`,
    });
  }
  draft.assume(
    "quantization.kbit_upcast",
    false,
    "Axolotl casts norms, embeddings and the head back to its own type",
  );
  if (all.has("adapter")) {
    draft.assume("train.lora.dropout", 0, "lora_dropout is 0 by default");
  }
  // axolotl utils/config/__init__.py, normalize_config
  assumeEvaluation(draft, all, {
    evaluates: axolotlEvaluates,
    batch: readCount(all.get("micro_batch_size")) ?? 1,
    reason: "eval_batch_size is micro_batch_size by default",
  });
  remarkNoImages(draft);
  if (!draft.facts.has("loaded") && !all.has("bf16") && !all.has("fp16")) {
    draft.facts.set("mixed_precision", { value: "bf16", key: "bf16" });
    draft.facts.set("loaded", { value: "bf16", key: "bf16" });
    draft.remark("precision.autocast", "bf16", "bf16 is auto by default");
  }
  leaveLoaded(draft, all);
}

/**
 * Axolotl shards with a function of its own, which, unlike accelerate's, casts nothing
 * to fp32; FSDP 2 computes in the type that it gathers in, without autocast.
 *
 * Source: axolotl-ai-cloud/axolotl src/axolotl/monkeypatch/accelerate/fsdp2.py,
 * fsdp2_prepare_model
 */
function leaveLoaded(draft: Draft, all: FileSettings): void {
  const mixed = draft.facts.get("mixed_precision");
  const loaded = draft.facts.get("loaded");
  if (
    draft.stated.get("engine.name")?.value !== "fsdp2" ||
    !isOff(all.get("adapter") ?? "") || !mixed || mixed.value !== loaded?.value
  ) return;
  draft.facts.set("mixed_precision", { value: "no", key: mixed.key });
  draft.remark(
    "precision.weights",
    String(loaded?.value),
    "Axolotl shards parameters under FSDP 2 in the type that they were loaded in",
  );
}
