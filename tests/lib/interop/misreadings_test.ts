import { assertEquals, assertMatch } from "@std/assert";
import type { Imported } from "../../../lib/mod.ts";
import { imported } from "./imported.ts";

/** A field of what was read; undefined where it is left at its default. */
function at({ scenario }: Imported, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    scenario,
  );
}

const FSDP2 =
  "base_model: Qwen/Qwen3-30B-A3B\nfsdp_version: 2\nfsdp_config: {reshard_after_forward: true}\n";

/** Each was read as something else: what it says, field, value. */
const READ: [what: string, text: string, path: string, value: unknown][] = [
  [
    "Axolotl evaluates what it splits off",
    "base_model: gpt2\nmicro_batch_size: 2\nval_set_size: 0.1\neval_batch_size: 8\neval_sequence_len: 1024",
    "train.evaluation",
    { micro_batch: 8, sequence_length: 1024 },
  ],
  [
    "Axolotl evaluates batches of training's size by default",
    "base_model: gpt2\nmicro_batch_size: 2\nval_set_size: 0.1\neval_sequence_len: 1024",
    "train.evaluation",
    { micro_batch: 2, sequence_length: 1024 },
  ],
  [
    "Axolotl with nothing to evaluate evaluates nothing",
    "base_model: gpt2\nval_set_size: 0\neval_batch_size: 8",
    "train.evaluation",
    undefined,
  ],
  [
    "LLaMA-Factory evaluates where a strategy is named",
    "model_name_or_path: Qwen/Qwen3-8B\nfinetuning_type: lora\nval_size: 0.1\nper_device_eval_batch_size: 4\neval_strategy: steps",
    "train.evaluation",
    { micro_batch: 4 },
  ],
  [
    "LLaMA-Factory without a strategy evaluates nothing",
    "model_name_or_path: Qwen/Qwen3-8B\nfinetuning_type: lora\nper_device_eval_batch_size: 4\neval_strategy: no",
    "train.evaluation",
    undefined,
  ],
  [
    "TRL evaluates where do_eval says so",
    "model_name_or_path: Qwen/Qwen3-8B\nmax_length: 1024\nper_device_train_batch_size: 1\nper_device_eval_batch_size: 16\ndo_eval: true",
    "train.evaluation",
    { micro_batch: 16 },
  ],
  [
    "the Trainer evaluates eight sequences where its file names no batch",
    "model_name_or_path: Qwen/Qwen3-8B\nper_device_train_batch_size: 1\neval_strategy: steps",
    "train.evaluation",
    { micro_batch: 8 },
  ],
  [
    "Axolotl evaluates batches of training's size without a length of its own",
    "base_model: gpt2\nmicro_batch_size: 3\nval_set_size: 0.1",
    "train.evaluation",
    { micro_batch: 3 },
  ],
  [
    "ms-swift evaluates one sequence where its file names no batch",
    "model: Qwen/Qwen3-8B\ntuner_type: lora\nsplit_dataset_ratio: 0.01",
    "train.evaluation",
    { micro_batch: 1 },
  ],
  [
    "ms-swift with nothing to evaluate evaluates nothing, whatever its strategy",
    "model: Qwen/Qwen3-8B\ntuner_type: lora\neval_strategy: steps",
    "train.evaluation",
    undefined,
  ],
  [
    "logits stay on the GPU where a metric is computed from them",
    "model_name_or_path: Qwen/Qwen3-8B\nper_device_train_batch_size: 1\nper_device_eval_batch_size: 4\neval_strategy: steps\neval_accumulation_steps: 10\nmetric_for_best_model: accuracy",
    "train.evaluation",
    { micro_batch: 4, kept_batches: 10 },
  ],
  [
    "a Trainer that is given a metric keeps logits",
    "args = TrainingArguments(output_dir='o', per_device_eval_batch_size=4, eval_strategy='steps', eval_accumulation_steps=10)\ntrainer = Trainer(model=model, args=args, compute_metrics=score)",
    "train.evaluation",
    { micro_batch: 4, kept_batches: 10 },
  ],
  [
    "of the loss alone no logits are kept",
    "model_name_or_path: Qwen/Qwen3-8B\nper_device_train_batch_size: 1\nper_device_eval_batch_size: 4\neval_strategy: steps\neval_accumulation_steps: 10",
    "train.evaluation",
    { micro_batch: 4 },
  ],
  [
    "ms-swift trains embeddings, which have no logits",
    "model: Qwen/Qwen3-Embedding-4B\ntuner_type: lora\ntask_type: embedding",
    "train.objective",
    "embedding",
  ],
  [
    "ms-swift's reranker scores texts as a reward model does",
    "model: Qwen/Qwen3-Reranker-4B\ntuner_type: lora\ntask_type: generative_reranker",
    "train.objective",
    "reward",
  ],
  [
    "ms-swift's GRPO has a reference by default",
    "model: Qwen/Qwen3-4B\nswift_command: rlhf\nrlhf_type: grpo\ntuner_type: full",
    "train.reference",
    "copy",
  ],
  [
    "TRL's GRPO with a beta has a reference",
    "model_name_or_path: Qwen/Qwen3-4B\nnum_generations: 8\nbeta: 0.04",
    "train.reference",
    "copy",
  ],
  [
    "LLaMA-Factory's SimPO has none",
    "model_name_or_path: Qwen/Qwen3-4B\nstage: dpo\npref_loss: simpo\nfinetuning_type: full",
    "train.reference",
    "none",
  ],
  [
    "ms-swift evaluates a part that is split off",
    "model: Qwen/Qwen3-8B\ntuner_type: lora\nsplit_dataset_ratio: 0.01\nper_device_eval_batch_size: 4",
    "train.evaluation",
    { micro_batch: 4 },
  ],
  [
    "Axolotl's shards, replicas and experts are a product",
    `${FSDP2}dp_shard_size: 2\ndp_replicate_size: 2\nexpert_parallel_size: 4`,
    "parallel",
    { gpus: 16, ep: 4, dp_replicate: 2 },
  ],
  [
    "Axolotl's replicas alone say nothing of the GPUs",
    `${FSDP2}dp_replicate_size: 2`,
    "parallel",
    { dp_replicate: 2 },
  ],
  [
    "LLaMA-Factory's Megatron casts to bf16",
    "model_name_or_path: Qwen/Qwen3-8B\nfinetuning_type: full\nbf16: true\ntensor_model_parallel_size: 2",
    "precision",
    { weights: "bf16", gradients: "fp32" },
  ],
  [
    "LLaMA-Factory without Megatron's sizes keeps what trains in fp32",
    "model_name_or_path: Qwen/Qwen3-8B\nfinetuning_type: full\nbf16: true",
    "precision.weights",
    "fp32",
  ],
  [
    "LLaMA-Factory's recompute_granularity checkpoints",
    "model_name_or_path: Qwen/Qwen3-8B\nfinetuning_type: full\npipeline_model_parallel_size: 2\nrecompute_granularity: full",
    "train.checkpointing",
    "full",
  ],
  [
    "LLaMA-Factory's Megatron checkpoints nothing by itself",
    "model_name_or_path: Qwen/Qwen3-8B\nfinetuning_type: full\npipeline_model_parallel_size: 2",
    "train.checkpointing",
    "none",
  ],
  [
    "torchtune's offload needs no launch comment",
    "model: {_component_: torchtune.models.llama3_1.llama3_1_70b}\noptimizer: {_component_: torch.optim.AdamW}\ndtype: bf16\nfsdp_cpu_offload: true",
    "engine",
    { name: "fsdp2", offload_parameters: "cpu", offload_optimizer: "cpu" },
  ],
  ...[
    "Qwen/Qwen2.5-VL-7B-Instruct",
    "google/gemma-3-4b-it",
  ].map((model): [string, string, string, unknown] => [
    `LLaMA-Factory's images of ${model} are counted`,
    `model_name_or_path: ${model}\nfinetuning_type: lora\nimage_max_pixels: 262144`,
    "train.images_per_sample",
    1,
  ]),
  [
    "a model that sees nothing has no images",
    "model_name_or_path: Qwen/Qwen3-8B\nfinetuning_type: lora\nimage_max_pixels: 262144",
    "train.images_per_sample",
    undefined,
  ],
  [
    "LLaMA-Factory freezes tower and projector by itself",
    "model_name_or_path: Qwen/Qwen2.5-VL-7B-Instruct\nfinetuning_type: full",
    "train.trainable",
    ["language_model", "embeddings", "lm_head"],
  ],
  [
    "LLaMA-Factory's freeze_vision_tower is a switch",
    "model_name_or_path: Qwen/Qwen2.5-VL-7B-Instruct\nfinetuning_type: full\nfreeze_vision_tower: false\nfreeze_multi_modal_projector: false\nfreeze_language_model: true",
    "train.trainable",
    ["vision_tower", "projector"],
  ],
  [
    "checkpoints that TRL offloads wait on the host",
    "model_name_or_path: Qwen/Qwen3-8B\nmax_length: 1024\ngradient_checkpointing: true\ngradient_checkpointing_kwargs: {offload: true}",
    "train.checkpoint_offload",
    true,
  ],
  [
    "TRL's trainer is told by its own keys",
    "model_name_or_path: Qwen/Qwen3-0.6B\nper_device_train_batch_size: 4\nnum_generations: 4\nmax_prompt_length: 2048\nmax_completion_length: 1024",
    "train.sequence_length",
    3072,
  ],
];

for (const [what, text, path, value] of READ) {
  Deno.test(what, () => assertEquals(at(imported(text), path), value));
}

Deno.test("what a model that sees is not told of images is said", () => {
  const { assumed } = imported(
    "model_name_or_path: Qwen/Qwen2.5-VL-7B-Instruct\nfinetuning_type: lora",
  );
  const images = assumed.find(({ path }) => path === "train.images_per_sample");
  assertEquals(images?.value, "0");
  assertMatch(images?.reason ?? "", /give their number/);
});

/** Settings that were taken for nothing, and move memory. */
for (
  const [key, text] of [
    ["mlp_bias_fusion", "base_model: gpt2\nmlp_bias_fusion: 3"],
    ["shrink_embeddings", "base_model: gpt2\nshrink_embeddings: true"],
  ] as const
) {
  Deno.test(`${key} is named as one that may move memory`, () => {
    const { warnings } = imported(text);
    assertEquals(warnings.filter((each) => each.startsWith(key)).length, 1);
  });
}
