import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { Buffer } from "../play/program/buffer.ts";
import { besideBuffer } from "./inventory.ts";
import type { DirectLoss } from "../play/torch/ops/direct_loss.ts";
import type { Traits } from "./traits.ts";

/*
 * nanoVLM's own code: models/ and measure_vram.py of huggingface/nanoVLM, whose
 * training loop is train.py's.
 */

/** Whether a model runs nanoVLM's own code. */
export function isNanoVlm({ architecture }: Model): boolean {
  return architecture.type === "nanovlm";
}

/**
 * Whether images are written over placeholders, and blocks give keys and values
 * back: the code since the config counts an image's tokens.
 */
export function hasPlaceholders({ config }: Model): boolean {
  return typeof config?.["mp_image_token_length"] === "number";
}

/** Its language model: llama's build, with heads turned in the tables' fp32. */
export function nanoVlmTraits(model: Model, usual: Traits): Traits {
  const dropout = numberOf(model, "lm_dropout", 0);
  return {
    ...usual,
    dropout: { attention: dropout, residual: dropout, embedding: 0 },
  };
}

/** Tokens of an image: patches, so many side by side. */
export function nanoVlmTokens(model: Model): number {
  const side = numberOf(model, "vit_img_size", 224) /
    numberOf(model, "vit_patch_size", 16);
  const joins = numberOf(model, "mp_pixel_shuffle_factor", 2);
  return Math.floor(side / joins) ** 2;
}

/** Its loss reads text tokens' logits where images stand before the text. */
export function nanoVlmLoss({ train }: Scenario, model: Model): DirectLoss {
  const rows = train.micro_batch * train.sequence_length;
  const images = train.micro_batch * train.images_per_sample *
    nanoVlmTokens(model);
  return { scored: hasPlaceholders(model) ? rows : rows - images };
}

/**
 * What its loop's variables hold from one step to the next: the logits, which it
 * does not read, and the batch.
 */
export function nanoVlmKept(
  { train, precision }: Scenario,
  model: Model,
): Buffer[] {
  const rows = train.micro_batch * train.sequence_length;
  const dtype = precision.autocast ?? precision.weights;
  const side = numberOf(model, "vit_img_size", 224);
  const images = train.micro_batch * train.images_per_sample;
  return [
    besideBuffer(
      "logits and loss",
      "logits that the training loop keeps",
      rows * model.architecture.vocab_size * DTYPE_BYTES[dtype],
    ),
    besideBuffer("inputs", "pixels", images * 3 * side ** 2 * DTYPE_BYTES.fp32),
  ];
}

/** A number of its config. */
export function numberOf(
  { config }: Model,
  key: string,
  fallback: number,
): number {
  const value = config?.[key];
  return typeof value === "number" ? value : fallback;
}
