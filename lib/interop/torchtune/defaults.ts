import type { Document } from "../reading/document.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings } from "../reading/format.ts";

/** Settings that only recipes on several GPUs have. */
const SHARDED = [
  "fsdp_cpu_offload",
  "fsdp_reshard_after_forward",
  "fsdp_sharding_strategy",
  "memory_efficient_fsdp_wrap",
  "custom_sharded_layers",
  "tensor_parallel_dim",
  "tensor_parallel_plan",
  "context_parallel_dim",
  "data_parallel_shard_dim",
  "data_parallel_replicate_dim",
] as const;

/** What a recipe means beside its settings; its comments tell how it is started. */
export function finishTorchtune(
  draft: Draft,
  all: FileSettings,
  { comments }: Document,
): void {
  draft.assume("software.model_code", "torchtune", "the recipe is torchtune's");
  draft.assume(
    "quantization.kbit_upcast",
    false,
    "torchtune leaves the rest of a quantized model in its type",
  );
  draft.assume("train.attention", "sdpa", "torchtune's attention is sdpa");
  if (!all.has("optimizer")) {
    draft.problems.push({
      path: "optimizer",
      message: "optimizer is missing: only recipes that train are read",
    });
  }
  if (!draft.stated.has("precision.weights")) {
    draft.refuse({ key: "dtype", value: null }, "must be bf16, fp16 or fp32");
  }
  if (!all.has("tokenizer.max_seq_len")) {
    draft.open(
      "train.sequence_length",
      "2048",
      "tokenizer.max_seq_len is not given: the longest sample decides",
    );
  }
  const gpus = comments.match(/--nproc[_-]per[_-]node[= ]+(\d+)/)?.[1];
  const nodes = comments.match(/--nnodes[= ]+(\d+)/)?.[1] ?? "1";
  if (gpus !== undefined && Number(gpus) * Number(nodes) > 1) {
    draft.assume(
      "parallel.gpus",
      Number(gpus) * Number(nodes),
      "the command in the file's comments starts so many",
    );
    draft.assume("engine.name", "fsdp2", "recipes on several GPUs use FSDP2");
  } else if (SHARDED.some((key) => all.has(key))) {
    draft.assume(
      "engine.name",
      "fsdp2",
      "its settings are those of a recipe on several GPUs, which uses FSDP2",
    );
  } else if (/single_device/.test(comments)) {
    draft.assume(
      "parallel.gpus",
      1,
      "the comments name a single_device recipe",
    );
    draft.assume("engine.name", "single", "a single_device recipe");
  }
}
