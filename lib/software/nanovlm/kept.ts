import type { Model } from "../../models/model.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Kept } from "../model_code.ts";
import { imageSide } from "./config.ts";

/**
 * What the training loop's variables hold from one step to the next: the logits,
 * which it does not read, and the batch.
 *
 * Source: huggingface/nanoVLM train.py
 */
export function keptByLoop(
  { train, precision }: Scenario,
  model: Model,
): Kept[] {
  const rows = train.micro_batch * train.sequence_length;
  const dtype = precision.autocast ?? precision.weights;
  const images = train.micro_batch * train.images_per_sample;
  return [
    {
      part: "logits and loss",
      label: "logits that the training loop keeps",
      bytes: rows * model.architecture.vocab_size * DTYPE_BYTES[dtype],
    },
    {
      part: "inputs",
      label: "pixels",
      bytes: images * 3 * imageSide(model) ** 2 * DTYPE_BYTES.fp32,
    },
  ];
}
