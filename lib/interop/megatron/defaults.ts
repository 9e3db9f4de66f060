import type { Draft } from "../reading/draft.ts";
import type { FileSettings } from "../reading/format.ts";
import { assumeMegatronModel } from "./model_rules.ts";

/** What Megatron-LM does where a flag is left out. */
export function finishMegatron(draft: Draft, all: FileSettings): void {
  draft.assume("engine.name", "megatron", "the flags are Megatron-LM's");
  draft.assume(
    "software.model_code",
    "megatron",
    "the flags are Megatron-LM's",
  );
  draft.assume("train.attention", "flash", "the attention backend is auto");
  assumeMegatronModel(draft, all);
  if (!all.has("bf16") && !all.has("fp16")) {
    draft.assume(
      "precision.weights",
      "fp32",
      "neither --bf16 nor --fp16 given",
    );
  } else if (!all.has("grad-reduce-in-bf16") && all.has("bf16")) {
    draft.assume(
      "precision.gradients",
      "fp32",
      "--bf16 accumulates gradients in fp32",
    );
  }
  if (!all.has("use-distributed-optimizer")) {
    draft.assume(
      "engine.distributed_optimizer",
      false,
      "--use-distributed-optimizer is not given",
    );
  }
}
