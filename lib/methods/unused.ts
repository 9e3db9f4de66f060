import type { Scenario } from "../scenario/schema.ts";
import type { Leaf } from "../scenario/walk.ts";

/** A rule: fields that begin so matter only when the scenario says so. */
interface Rule {
  prefix: string;
  matters: (scenario: Scenario) => boolean;
  /** Why not, when they do not. */
  because: (scenario: Scenario) => string;
}

const isFsdp = ({ engine }: Scenario): boolean =>
  engine.name.startsWith("fsdp");
const offloads = ({ engine }: Scenario): boolean =>
  engine.offload_optimizer !== "none" || engine.offload_parameters !== "none";
const hasAdapters = ({ train }: Scenario): boolean => train.method !== "full";
const countsAdapters = ({ train }: Scenario): boolean =>
  train.lora.trainable_parameters === null;
const hasImages = ({ train }: Scenario): boolean => train.images_per_sample > 0;

const RULES: readonly Rule[] = [
  {
    prefix: "train.",
    matters: ({ task }) => task === "train",
    because: () => 'task is "serve"',
  },
  {
    prefix: "optimizer.",
    matters: ({ task }) => task === "train",
    because: () => 'task is "serve"',
  },
  {
    prefix: "serve.",
    matters: ({ task }) => task === "serve",
    because: () => 'task is "train"',
  },
  {
    prefix: "train.lora.",
    matters: hasAdapters,
    because: () => 'train.method is "full"',
  },
  ...["train.lora.rank", "train.lora.targets"].map((prefix) => ({
    prefix,
    matters: countsAdapters,
    because: () => "train.lora.trainable_parameters is given",
  })),
  {
    prefix: "quantization.group_size",
    matters: ({ quantization }) =>
      /^(gptq|awq|hqq)|^int4$/.test(quantization.weights),
    because: ({ quantization }) =>
      `quantization.weights is "${quantization.weights}"`,
  },
  {
    prefix: "quantization.kbit_upcast",
    matters: hasAdapters,
    because: () => 'train.method is "full"',
  },
  ...["software.peft", "software.trl", "software.bitsandbytes"].map((
    prefix,
  ) => ({
    prefix,
    matters: hasAdapters,
    because: () => 'train.method is "full"',
  })),
  ...["train.image_size", "factors.vision_"].map((prefix) => ({
    prefix,
    matters: hasImages,
    because: () => "train.images_per_sample is 0",
  })),
  {
    prefix: "engine.sharding",
    matters: isFsdp,
    because: ({ engine }) => `engine.name is "${engine.name}"`,
  },
  {
    prefix: "parallel.gpus_per_node",
    matters: (scenario) =>
      offloads(scenario) ||
      (isFsdp(scenario) && scenario.engine.sharding === "hybrid"),
    because: () => "nothing is sharded by node",
  },
  {
    prefix: "engine.distributed_optimizer",
    matters: ({ engine }) => engine.name === "megatron",
    because: ({ engine }) => `engine.name is "${engine.name}"`,
  },
  {
    prefix: "factors.attn_act_factor_no_fa",
    matters: ({ train }) => train.attention === "eager",
    because: ({ train }) => `train.attention is "${train.attention}"`,
  },
  {
    prefix: "factors.attn_act_factor_fa",
    matters: ({ train }) => train.attention !== "eager",
    because: () => 'train.attention is "eager"',
  },
  {
    prefix: "factors.fused_loss_factor",
    matters: ({ train }) => train.loss === "fused",
    because: ({ train }) => `train.loss is "${train.loss}"`,
  },
  {
    prefix: "factors.grad_ckpt_reduction",
    matters: ({ train }) => train.checkpointing === "full",
    because: ({ train }) => `train.checkpointing is "${train.checkpointing}"`,
  },
  {
    prefix: "factors.cuda_libs_gib",
    matters: ({ overheads }) => overheads.cuda_context_gib === null,
    because: () => "overheads.cuda_context_gib is given",
  },
  {
    prefix: "engine_formulas.",
    matters: ({ method }) => method === "engine-formulas",
    because: ({ method }) => `method is "${method}"`,
  },
  {
    prefix: "multipliers.",
    matters: ({ method }) => method === "multipliers",
    because: ({ method }) => `method is "${method}"`,
  },
  {
    prefix: "multipliers.gradient_checkpointing",
    matters: ({ task, train }) =>
      task === "train" && train.checkpointing === "full",
    because: () => "nothing is checkpointed",
  },
  {
    prefix: "multipliers.inference_activations",
    matters: ({ task }) => task === "serve",
    because: () => 'task is "train"',
  },
  {
    prefix: "rule_of_thumb.",
    matters: ({ method }) => method === "rule-of-thumb",
    because: ({ method }) => `method is "${method}"`,
  },
  {
    prefix: "serve.batch",
    matters: ({ serve }) => serve.cache_tokens === null,
    because: () => "serve.cache_tokens is given",
  },
];

/**
 * Finds the fields that the user set but that mean nothing beside the others,
 * whatever the method, and why.
 *
 * @param changes The fields that differ from their defaults.
 */
export function unused(
  scenario: Scenario,
  changes: readonly Leaf[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path } of changes) {
    const rule = RULES.find(({ prefix, matters }) =>
      path.startsWith(prefix) && !matters(scenario)
    );
    if (rule) found.set(path, rule.because(scenario));
  }
  return found;
}
