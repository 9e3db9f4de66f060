import { plainObjective } from "../../plan/objective/words.ts";
import type { Step } from "../../engines/step.ts";

/** Fields that the timeline plays through, or that change no memory. */
const COVERED = new Set([
  "train.target_length",
  "model",
  "task",
  "method",
  "hardware",
  "overheads.cuda_context_gib",
  "overheads.communication_gib",
  "overheads.other_gib",
  "train.method",
  "train.trainable",
  "train.lora",
  "train.micro_batch",
  "train.sequence_length",
  "train.gradient_accumulation",
  "train.padding_mask",
  "train.images_per_sample",
  "train.image_size",
  "train.video_frames",
  "train.image_min_pixels",
  "train.image_max_pixels",
  "train.attention",
  "train.checkpointing",
  "train.checkpoint_offload",
  "train.loss",
  "train.kernels",
  "precision.weights",
  "precision.autocast",
  "precision.optimizer_states",
  "quantization.weights",
  "quantization.group_size",
  "quantization.experts",
  "quantization.skip_modules",
  "quantization.kbit_upcast",
  "optimizer",
  "parallel.gpus",
  "engine.name",
  "software.model_code",
  "software.bitsandbytes",
  "software.transformers",
  "software.torch",
  "software.peft",
  "software.trl",
]);

/** Accelerate matters to what a forward pass hands out, and to FSDP's units. */
export function coveredBy(
  { plan, engine, scenario, host }: Step,
): ReadonlySet<string> {
  const offloads = host !== undefined || scenario.train.checkpoint_offload;
  return new Set([
    ...COVERED,
    "software.expandable_segments",
    "software.max_split_size_mb",
    ...engine.reads(scenario, plan.model),
    ...(TRAINERS.has(engine.name) && !engine.ownPasses ? TRAINERS_FIELDS : []),
    ...(plan.objective?.heeds ??
      (plainObjective(scenario) === null ? [] : ["train.objective"])),
    ...(plan.facts.stateSpaces || plan.facts.xielu
      ? ["software.mixer_kernels"]
      : []),
    ...(plan.facts.code.loss.widensOutputs ? ["software.accelerate"] : []),
    ...(scenario.parallel.gpus > 1
      ? ["parallel.rank", ...(offloads ? ["parallel.gpus_per_node"] : [])]
      : []),
  ]);
}

/** Engines that run the passes of transformers' and TRL's trainers. */
const TRAINERS: ReadonlySet<string> = new Set([
  "single",
  "ddp",
  "deepspeed",
  "fsdp",
  "fsdp2",
]);

/** What those passes alone are played by. */
const TRAINERS_FIELDS = [
  "train.evaluation",
  "train.saving",
  "train.activation_offloading",
  "train.mlp_tiles",
  "train.empty_cache_steps",
  "train.use_reentrant",
  "train.trainable_layers",
  "train.trainable_parameters",
  "precision.frozen",
  "precision.fp8",
  "quantization.qat",
];
