import { imagesOf } from "../models/images/images_of.ts";
import type { Model } from "../models/model.ts";
import type { Problem } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";

/** Lengths that are offered are whole numbers of so many tokens. */
const STEP = 256;

/**
 * Why a sequence cannot hold its images, with a length that does; null where it
 * does, or where nobody knows what the images take.
 */
export function imageProblem(
  scenario: Scenario,
  model: Model,
): Problem | null {
  const {
    images_per_sample: images,
    sequence_length,
    image_size,
    video_frames,
  } = scenario.train;
  if (
    scenario.task !== "train" || images === 0 ||
    scenario.software.model_code !== "transformers" ||
    model.architecture.type === "nanovlm"
  ) return null;
  const seen = imagesOf(scenario, model)?.seen;
  const needed = seen
    ? Math.round(images * (seen.layers ?? 1) * (seen.tokens + seen.others))
    : 0;
  if (needed <= sequence_length) return null;
  const offered = Math.ceil(needed / STEP) * STEP + STEP;
  const kind = video_frames === 0 ? "image" : "video";
  const what = images === 1
    ? `${kind === "image" ? "an" : "a"} ${kind}`
    : `${images} ${kind}s`;
  const frames = video_frames === 0 ? "" : `${video_frames} frames of `;
  return {
    path: "train.sequence_length",
    message:
      `train.sequence_length must be at least ${needed}, the tokens of ${what} of ${frames}${
        image_size.join(" x ")
      } pixels: current value is ${sequence_length}; ${offered} leaves ${
        offered - needed
      } for text`,
  };
}
