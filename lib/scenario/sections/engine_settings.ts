import { z } from "zod";
import type { About } from "../about.ts";
import { field } from "../about.ts";
import { count, factor, flag, someNames, switchOr } from "../fields.ts";
import { MAX_DEVICES } from "../limits.ts";
import type { Need } from "../needs.ts";
import * as when from "../when.ts";
import { floats } from "./precision.ts";

/** Elements of a bucket or a group; the engines' own numbers end at 1e12. */
const MAX_ELEMENTS = 1e15;

/**
 * A setting that an engine has by its own name; null is what the engine does as
 * its driver sets it up.
 */
function setting<T extends z.ZodType>(kind: T, about: About) {
  return field(kind.nullable().default(null), {
    blank: "as the driver",
    ...about,
  });
}

/** No engine that is played reads it. */
const UNREAD = { awaited: true } as const;

/** Settings of one engine: what they share, and the kinds they are of. */
function settingsOf(group: About["group"], ...needs: readonly Need[]) {
  const shared = { group, needs: [when.toTrain, ...needs] } as const;
  const about = (label: string, name: string, help: string) => ({
    ...shared,
    label,
    help,
    flag: name,
  });
  return {
    switch: (
      label: string,
      name: string,
      help: string,
      more: Pick<About, "awaited"> = {},
    ) => setting(flag(), { ...about(label, name, help), ...more }),
    count: (
      label: string,
      name: string,
      help: string,
      more: Pick<About, "awaited"> = {},
    ) =>
      setting(count(0, MAX_ELEMENTS), {
        ...about(label, name, help),
        ...more,
        unit: "elements",
      }),
    of: <T extends z.ZodType>(
      kind: T,
      label: string,
      name: string,
      help: string,
    ) => setting(kind, about(label, name, help)),
  };
}

const any = settingsOf("sharing");
const ddp = settingsOf("ddp", when.replicated);
const fsdp = settingsOf("fsdp", when.fsdp);
const deepspeed = settingsOf("deepspeed", when.deepspeed);
const megatron = settingsOf("megatron", when.megatron);
const titan = settingsOf("sharing", when.titan);

/** Fields of `engine` that the engines themselves have under these names. */
export const engineSettingsSection = {
  driver: setting(
    z.enum([
      "bare",
      "accelerate",
      "transformers",
      "deepspeed",
      "torchtune",
      "torchtitan",
      "megatron-lm",
      "lightning",
      "litgpt",
    ]),
    {
      label: "Set up by",
      group: "sharing",
      help:
        "whose defaults hold: `bare`, `accelerate`, `transformers`, `deepspeed`, `torchtune`, `torchtitan`, `megatron-lm`, `lightning` or `litgpt`",
      blank: "not known",
      flag: "--driver",
      needs: [when.toTrain],
    },
  ),
  gradient_clipping: any.switch(
    "Gradient clipping",
    "--gradient-clipping",
    "whether gradients are clipped by their norm",
    UNREAD,
  ),
  no_sync: any.switch(
    "Accumulate without reducing",
    "--accumulate-unreduced",
    "gradients accumulate without being reduced until the last micro-batch",
  ),

  bucket_cap_mb: ddp.of(
    factor(0.001, 1 << 20),
    "Bucket",
    "--bucket-cap-mb",
    "DDP: MiB of a bucket of gradients",
  ),
  gradient_as_bucket_view: ddp.switch(
    "Gradients are views of buckets",
    "--gradient-as-bucket-view",
    "DDP: gradients are views of the buckets",
  ),
  static_graph: ddp.switch(
    "Static graph",
    "--static-graph",
    "DDP: the graph stays the same in every step",
    UNREAD,
  ),

  reduce_dtype: fsdp.of(
    floats(),
    "Gradients reduced in",
    "--reduce-dtype",
    "FSDP: type that gradients are reduced in: `fp32`, `bf16` or `fp16`",
  ),
  reshard_after_forward: fsdp.of(
    switchOr(count(2, MAX_DEVICES)),
    "Reshard after forward",
    "--reshard-after-forward",
    "FSDP: true, false, or over how many ranks",
  ),
  root_reshard: fsdp.switch(
    "Reshard the root too",
    "--root-reshard",
    "FSDP: the root unit is resharded after its forward too",
  ),
  wrap: fsdp.of(
    z.enum(["layers+root", "titan"]),
    "Units",
    "--wrap",
    "FSDP: `layers+root`, or `titan`: embedding, layers, norm with head",
  ),
  use_orig_params: fsdp.switch(
    "Original parameters",
    "--use-orig-params",
    "FSDP 1: parameters stay as they were beside the flat ones",
  ),
  forward_prefetch: fsdp.switch(
    "Prefetch in forward",
    "--forward-prefetch",
    "FSDP: the next unit is gathered early in the forward",
  ),
  limit_all_gathers: fsdp.switch(
    "Limit gathers",
    "--limit-all-gathers",
    "FSDP 1: the host waits before it gathers far ahead",
    UNREAD,
  ),

  overlap_comm: deepspeed.switch(
    "Overlap communication",
    "--overlap-comm",
    "DeepSpeed: gradients are reduced beside the backward",
  ),
  contiguous_gradients: deepspeed.switch(
    "Contiguous gradients",
    "--contiguous-gradients",
    "DeepSpeed: gradients are copied to one buffer as they come",
  ),
  reduce_bucket_size: deepspeed.count(
    "Reduce bucket",
    "--reduce-bucket-size",
    "DeepSpeed: elements that are reduced at a time",
  ),
  allgather_bucket_size: deepspeed.count(
    "Gather bucket",
    "--allgather-bucket-size",
    "DeepSpeed: elements that are gathered at a time",
    UNREAD,
  ),
  stage3_prefetch_bucket_size: deepspeed.count(
    "Prefetch bucket",
    "--stage3-prefetch-bucket-size",
    "ZeRO-3: elements that are gathered ahead",
  ),
  stage3_param_persistence_threshold: deepspeed.count(
    "Parameters that stay whole",
    "--stage3-param-persistence-threshold",
    "ZeRO-3: parameters of fewer elements stay whole",
  ),
  stage3_max_live_parameters: deepspeed.count(
    "Most gathered parameters",
    "--stage3-max-live-parameters",
    "ZeRO-3: most parameters that stay gathered",
  ),
  stage3_max_reuse_distance: deepspeed.count(
    "Reuse distance",
    "--stage3-max-reuse-distance",
    "ZeRO-3: parameters that are used again within so many elements stay gathered",
  ),
  sub_group_size: deepspeed.count(
    "Sub-group",
    "--sub-group-size",
    "ZeRO-3: elements that are stepped at a time",
  ),
  grad_accum_dtype: deepspeed.of(
    floats(),
    "Gradients accumulate in",
    "--grad-accum-dtype",
    "DeepSpeed: `fp32`, `bf16` or `fp16`",
  ),
  round_robin_gradients: deepspeed.switch(
    "Gradients dealt round robin",
    "--round-robin-gradients",
    "ZeRO-2: gradients are dealt out among ranks in turn",
  ),

  grad_reduce_in_fp32: megatron.switch(
    "Gradients reduced in fp32",
    "--grad-reduce-in-fp32",
    "Megatron: gradients accumulate and are reduced in fp32",
  ),
  overlap_grad_reduce: megatron.switch(
    "Overlap the reduction",
    "--overlap-grad-reduce",
    "Megatron: gradients are reduced beside the backward",
    UNREAD,
  ),
  gradient_accumulation_fusion: megatron.switch(
    "Fused accumulation",
    "--gradient-accumulation-fusion",
    "Megatron: matmuls add weights' gradients to the buffer themselves",
  ),
  recompute_modules: setting(someNames(64), {
    label: "Modules recomputed",
    group: "recomputing",
    help:
      "Megatron's selective checkpointing: `core_attn`, `mlp`, `moe_act`, `layernorm` …",
    flag: "--recompute-modules",
    needs: [when.toTrain, when.megatron, when.selective],
  }),
  loss_parallel: titan.switch(
    "Loss parallel",
    "--loss-parallel",
    "torchtitan: each rank keeps its part of the logits through the loss",
    UNREAD,
  ),
} as const;
