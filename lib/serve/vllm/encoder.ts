import type { Config } from "../../models/config.ts";
import type { Model } from "../../models/model.ts";
import type { ProfiledBatch } from "./activations.ts";

/** Tokens of the largest image of Qwen's models: 16384 × (2 × 16)² pixels. */
const QWENS_LARGEST = 16_384;

/** Colours of a pixel, and the bytes of one in fp32 and in the model's type. */
const COLOURS = 3;
const PIXEL_BYTES = 4;

/** What profiling a vision encoder takes. */
export interface EncoderProfile {
  /** Tokens that it makes at once. */
  readonly tokens: number;
  /** Bytes at its widest instant. */
  readonly peak: number;
}

/**
 * What the profile run takes of a model's vision tower: images of as many tokens as a
 * step has, or one of the largest. Their pixels stand in fp32 and in the model's
 * type; a layer holds the residual stream twice, the MLP's hidden features and their
 * activation; what is made for the language model stands too.
 *
 * Source: vllm-project/vllm 0.33 v1/worker/gpu/mm/encoder_runner.py,
 * profile_encoder_cache; multimodal/encoder_budget.py
 *
 * @returns Null for a model without a vision tower.
 */
export function encoderProfile(
  model: Model,
  tp: number,
  { tokens: batch, elementBytes }: ProfiledBatch,
): EncoderProfile | null {
  const { vision, hidden_size, type } = model.architecture;
  if (vision === null) return null;
  const tower = visionConfig(model);
  const tokens = /^qwen/.test(type) ? Math.max(batch, QWENS_LARGEST) : batch;
  const patches = tokens * patchesPerToken(model, tower);
  const pixels = COLOURS * vision.patch_size ** 2 *
    (numberIn(tower, "temporal_patch_size") ?? 1);
  const inner = numberIn(tower, "intermediate_size") ?? 4 * vision.hidden_size;
  const peak = patches * (
        pixels * (PIXEL_BYTES + elementBytes) +
        (2 * vision.hidden_size + 2 * inner / tp) * elementBytes
      ) + tokens * hidden_size * elementBytes;
  return { tokens, peak: Math.round(peak) };
}

/** Patches that one token of the language model is made of. */
function patchesPerToken({ config }: Model, tower: Config): number {
  const merge = numberIn(tower, "spatial_merge_size") ??
    numberIn(config ?? {}, "spatial_merge_size");
  if (merge !== null) return merge ** 2;
  const perImage = numberIn(config ?? {}, "mm_tokens_per_image");
  const image = numberIn(tower, "image_size");
  const patch = numberIn(tower, "patch_size");
  return perImage && image && patch
    ? Math.max(1, (image / patch) ** 2 / perImage)
    : 1;
}

function visionConfig({ config }: Model): Config {
  const tower = config?.["vision_config"];
  return typeof tower === "object" && tower !== null ? tower as Config : {};
}

function numberIn(config: Config, key: string): number | null {
  const value = config[key];
  return typeof value === "number" && value > 0 ? value : null;
}
