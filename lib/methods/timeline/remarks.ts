import { bandNote } from "../../evidence/band.ts";
import { DEFAULT_SCENARIO } from "../../scenario/default_scenario.ts";
import { changesFrom } from "../../scenario/walk.ts";
import type { Step } from "../../step/step.ts";
import type { Answer } from "../method.ts";
import { approximations } from "./approximations.ts";
import { headChoices, headDoubts } from "./head_remarks.ts";
import { encoderChoices, encoderDoubts } from "./encoder_remarks.ts";
import { stepBand, stepDoubt } from "./step_doubt.ts";
import { stateSpaceChoices, stateSpaceDoubts } from "./state_space_remarks.ts";
import { uncovered } from "../uncovered.ts";
import { unused } from "../unused.ts";

/** Fields that the timeline plays through, or that change no memory. */
const COVERED = new Set([
  "model",
  "task",
  "method",
  "hardware",
  "overheads.cuda_context_gib",
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
  "train.attention",
  "train.checkpointing",
  "train.checkpoint_offload",
  "train.loss",
  "train.kernels",
  "precision.weights",
  "precision.autocast",
  "precision.master_weights",
  "precision.optimizer_states",
  "quantization",
  "optimizer",
  "engine.name",
  "software.model_code",
  "software.bitsandbytes",
  "software.transformers",
  "software.torch",
  "software.peft",
  "software.trl",
  "software.bitsandbytes",
]);

/** What a timeline's reader has to know about it. */
export function remarksOf(
  step: Step,
): Pick<Answer, "assumptions" | "warnings"> {
  const { scenario, model } = step.plan;
  const changes = changesFrom(DEFAULT_SCENARIO, scenario);
  const meaningless = unused(scenario, changes);
  const band = stepBand(step);
  return {
    assumptions: [
      "Method timeline: a step after the first, played through as PyTorch allocates and frees it; weights and optimizer states stand all the time",
      band === null
        ? "No band of doubt: too few measured runs are like this one"
        : bandNote(band),
      ...model.notes,
      ...choices(step),
      ...[...meaningless].map(([path, reason]) =>
        `${path} is not used: ${reason}`
      ),
    ],
    warnings: [
      ...stepDoubt(step).texts,
      ...approximations(step),
      ...encoderDoubts(step),
      ...headDoubts(step),
      ...stateSpaceDoubts(step),
      ...uncovered(changes, COVERED, meaningless).map((field) =>
        `${field} has no effect: the timeline method does not model it on one GPU`
      ),
    ],
  };
}

function choices(step: Step): string[] {
  return [
    ...sight(step),
    ...encoderChoices(step),
    ...headChoices(step),
    ...stateSpaceChoices(step),
    ...settled(step),
  ];
}

/** What images are taken for. */
function sight({ plan: { vision, scenario } }: Step): string[] {
  if (!vision) return [];
  const { images_per_sample: images, micro_batch: batch } = scenario.train;
  const tokens = vision.tokens / (images * batch);
  return [
    vision.rotaryWidth === 0
      ? `Images are resized to the tower's own size, so train.image_size is not used: ${tokens} tokens each, within train.sequence_length`
      : `Images of train.image_size take ${tokens} tokens each, within train.sequence_length; limits of a processor on their size are not known`,
  ];
}

function settled({ plan: { scenario }, implementation }: Step): string[] {
  const { optimizer, software, precision, train } = scenario;
  const said: string[] = [];
  if (optimizer.in_backward) {
    said.push(
      "optimizer.in_backward: each parameter is stepped as soon as its gradient is there, which is freed then",
    );
  } else if (optimizer.implementation === "auto") {
    const version = software.torch === null
      ? "PyTorch from 2.8"
      : `PyTorch ${software.torch}`;
    said.push(
      `The optimizer steps with the ${implementation} implementation, the default of ${version}`,
    );
  } else {
    said.push(
      `optimizer.implementation: the step is ${implementation}, as the scenario says`,
    );
  }
  if (precision.master_weights === "none") {
    said.push(
      "precision.master_weights = none: one GPU keeps none beside its weights anyway",
    );
  }
  if (precision.autocast === precision.weights) {
    said.push(
      `precision.autocast casts nothing of weights that are in ${precision.weights} already`,
    );
  }
  if (train.attention === "sdpa" && !train.padding_mask) {
    said.push(
      "train.attention = sdpa without a mask runs the flash kernel where heads have 16 bits",
    );
  }
  return said;
}
