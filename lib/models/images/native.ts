import type { Seen, Sides } from "./seen.ts";
import { roundedEven } from "./seen.ts";

/** The pixels that an image has at least and at most once it is resized. */
export interface PixelLimits {
  readonly least: number;
  readonly most: number;
}

/** How images keep their own resolution. */
interface Native {
  /** Pixels of a patch's side, and patches of a token's. */
  readonly patch: number;
  readonly merge: number;
  readonly limits: PixelLimits;
  /** Frames that limits count an image as: GLM-4V's are of two. */
  readonly frames?: number;
}

/** A begin and an end about each image. */
const ENDS = 2;

/**
 * An image whose sides are rounded to whole tokens, within limits of its pixels.
 *
 * Source: huggingface/transformers 5.24.0
 * models/qwen2_vl/image_processing_qwen2_vl.py and
 * models/glm4v/image_processing_glm4v.py, smart_resize
 */
export function seenWhole(
  [height, width]: Sides,
  { patch, merge, limits, frames = 1 }: Native,
): Seen {
  const side = patch * merge;
  const grown = frames > 1 && Math.min(height, width) < side
    ? Math.max(side / height, side / width)
    : 1;
  const [h, w] = [Math.trunc(height * grown), Math.trunc(width * grown)];
  const whole = (length: number) => roundedEven(length / side);
  const area = frames * whole(h) * whole(w) * side ** 2;
  const rows = (length: number): number => {
    if (area > limits.most) {
      const scale = Math.sqrt(frames * h * w / limits.most);
      return Math.max(1, Math.floor(length / scale / side));
    }
    if (area < limits.least) {
      const scale = Math.sqrt(limits.least / (frames * h * w));
      return Math.ceil(length * scale / side);
    }
    return whole(length);
  };
  const [down, across] = [rows(h), rows(w)];
  return {
    tiles: 1,
    grid: [down * merge, across * merge],
    tokens: down * across,
    others: ENDS,
  };
}

/**
 * An image whose sides are at least so long.
 *
 * Source: huggingface/transformers 5.24.0
 * models/paddleocr_vl/image_processing_paddleocr_vl.py, smart_resize
 */
export function grownTo([height, width]: Sides, least: number): Sides {
  const [h, w] = height < least
    ? [least, roundedEven(width * least / height)]
    : [height, width];
  return w < least ? [roundedEven(h * least / w), least] : [h, w];
}

/**
 * An image scaled down to a longest side, whose rows each end with a token.
 *
 * Source: huggingface/transformers 5.24.0
 * models/pixtral/image_processing_pixtral.py, get_resize_output_image_size
 */
export function seenByRows(
  [height, width]: Sides,
  { patch, merge, longest }: {
    readonly patch: number;
    readonly merge: number;
    readonly longest: number;
  },
): Seen {
  const side = patch * merge;
  const ratio = Math.max(height / longest, width / longest);
  const rows = (length: number) =>
    Math.floor(
      ((ratio > 1 ? Math.floor(length / ratio) : length) - 1) / side,
    ) + 1;
  const [down, across] = [rows(height), rows(width)].map((count) =>
    Math.max(1, count)
  ) as [number, number];
  return {
    tiles: 1,
    grid: [down * merge, across * merge],
    tokens: down * across,
    others: down,
  };
}

/**
 * An image scaled to as many patches as there may be, padded to that number.
 *
 * Source: huggingface/transformers 5.24.0
 * models/gemma4/image_processing_gemma4.py, get_aspect_ratio_preserving_size
 */
export function seenScaled(
  [height, width]: Sides,
  { patch, pools, tokens }: {
    readonly patch: number;
    /** Patches of the side of a square that becomes one token. */
    readonly pools: number;
    /** Tokens that an image has at most. */
    readonly tokens: number;
  },
): Seen {
  const patches = tokens * pools ** 2;
  const factor = Math.sqrt(patches * patch ** 2 / (height * width));
  const side = patch * pools;
  const fitted = (length: number) => Math.floor(factor * length / side);
  let [down, across] = [fitted(height), fitted(width)];
  if (down === 0) {
    [down, across] = [1, Math.min(Math.floor(width / height), tokens)];
  } else if (across === 0) {
    [down, across] = [Math.min(Math.floor(height / width), tokens), 1];
  }
  return {
    tiles: 1,
    grid: [patches, 1],
    tokens: down * across,
    others: ENDS,
  };
}
